import path from 'node:path';
import { DataError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { parseTableName, quoteQualified } from '../../sql/identifiers.ts';
import { requireFiles } from '../manifest/check-files.ts';
import { tableMaker } from '../manifest/make-table.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { FoundManifest } from '../manifest/read-manifest.ts';
import type { Dataset, DatasetOptions, DatasetRequest } from './dataset.ts';

/**
 * The files of an export, compared with the sums in its manifest before anything is done with them, and what makes
 * their table again.
 * @throws UsageError, DataError
 */
export async function manifestDataset(
  found: FoundManifest,
  argument: string,
  request: DatasetRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Dataset> {
  const { manifest, name } = found;
  const [type] = request.types.keys();
  if (type !== undefined) {
    throw new UsageError(`--types gives ${type} a type, and ${name} tells the types of all columns`, {
      hint: 'leave --types out, or load the files by themselves',
    });
  }
  const { schema, name: original } = manifest.table;
  const table = request.table ?? (schema === null ? undefined : quoteQualified(schema, original));
  if (table === undefined) {
    throw new UsageError(`${name} is of a query, which does not tell which table its rows go into`, {
      hint: 'name the table with -t',
    });
  }
  const written = writtenAs(manifest, name);
  await requireFiles(found, reporter, signal);
  const target = parseTableName(table);
  // As the user came to it, so that messages name files as they would.
  const folder = path.basename(argument) === path.basename(name) ? path.dirname(argument) : argument;
  return {
    files: manifest.files.filter(({ beside }) => !beside).map((file) => path.join(folder, file.path)),
    table,
    options: {
      ...written,
      ...(request.format !== undefined && { format: request.format }),
      ...(request.columns !== undefined && { columns: [...request.columns] }),
      maker: tableMaker(found, target, request.ledger, reporter),
    },
  };
}

/** How the files are written, all alike. */
function writtenAs({ files, columns }: Manifest, name: string): DatasetOptions {
  const [first] = files;
  if (first === undefined) {
    throw new DataError(`${name} tells of no files`, { code: 'no-files', file: name });
  }
  const { format, text } = first;
  const alike = files.every((file) => file.beside || (file.format === format && sameText(file.text, text)));
  if (!alike) {
    throw new DataError(`${name} tells of files that are not written alike`, {
      code: 'bad-manifest',
      file: name,
    });
  }
  const nameless = format === 'binary' || text.header === false;
  return {
    format,
    ...(text.header === false && { header: false }),
    ...(text.null !== null && { null: text.null }),
    ...(text.delimiter !== null && { delimiter: text.delimiter }),
    ...(nameless && { columns }),
  };
}

type WrittenText = Manifest['files'][number]['text'];

const sameText = (one: WrittenText, other: WrittenText): boolean =>
  one.header === other.header && one.null === other.null && one.delimiter === other.delimiter;
