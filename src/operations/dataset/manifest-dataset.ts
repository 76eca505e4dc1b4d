import path from 'node:path';
import { DataError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { parseTableName, quoteQualified } from '../../sql/identifiers.ts';
import { requireFiles } from '../manifest/check-files.ts';
import { tableMaker } from '../manifest/make-table.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { FoundManifest } from '../manifest/read-manifest.ts';
import type { Dataset, DatasetOptions, DatasetRequest } from './dataset.ts';
import { inputsOf, withoutRows } from './inputs.ts';

/**
 * The files of an export, compared with the sums in its manifest before anything is done with them, and what makes
 * their table again.
 * @throws UsageError, DataError
 */
export async function manifestDataset(
  found: FoundManifest,
  argument: string,
  cwd: string,
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
  const files = manifest.files.filter(({ beside }) => !beside);
  const inputs = await inputsOf(
    files.map((file) => path.join(folder, file.path)),
    cwd,
  );
  const isEmpty = files.every(({ bytes }) => bytes === 0);
  return {
    inputs: isEmpty ? inputs.map((input) => withoutRows(input, manifest.columns)) : inputs,
    table,
    options: {
      ...(isEmpty ? { format: 'csv' } : written),
      ...(request.format !== undefined && { format: request.format }),
      ...(request.map !== undefined && { map: merged(written.map ?? [], request.map) }),
      ...(request.columns !== undefined && { columns: request.columns }),
      maker: tableMaker(found, target, request.ledger, reporter),
    },
  };
}

type Renamed = NonNullable<DatasetOptions['map']>;

/** What the user says of a field counts. */
function merged(written: Renamed, asked: Renamed): Renamed {
  return [...written.filter(([source]) => !asked.some(([other]) => other === source)), ...asked];
}

/** How the files are written, all alike. */
function writtenAs(manifest: Manifest, name: string): DatasetOptions {
  const { files, columns } = manifest;
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
    ...arraysAs(manifest, format, name),
  };
}

/**
 * Files of arrays have names of their own for the vectors and what tells them apart.
 * @throws UsageError for vectors of several columns, of which one would be read
 */
function arraysAs(
  { table, columns }: Manifest,
  format: string,
  name: string,
): Pick<DatasetOptions, 'map' | 'dataset'> {
  if (!['npy', 'npz', 'fvecs'].includes(format)) return {};
  const isVector = (name: string) =>
    /^(?:vector|halfvec|bit)\b/.test(table.columns.find((column) => column.name === name)!.type);
  const several = columns.filter(isVector);
  if (several.length > 1) {
    throw new UsageError(
      `${name} tells of vectors of ${several.length} columns in ${format}, of which one can be read`,
      {
        hint: `load them one by one: pgv ingest <file> --dataset ${several[0]}; or export as parquet`,
      },
    );
  }
  const vectors = several[0];
  const ids =
    format === 'npz' ? columns.find((name) => name === 'ids') : columns.find((name) => name !== vectors);
  const renamed = [
    ['embedding', vectors],
    ['id', columns.includes('id') ? 'id' : ids],
  ] as const;
  const map = renamed.flatMap(([field, column]) =>
    column === undefined || column === field ? [] : [[field, column] as const],
  );
  return { map, ...(format === 'npz' && { dataset: vectors }) };
}

type WrittenText = Manifest['files'][number]['text'];

const sameText = (one: WrittenText, other: WrittenText): boolean =>
  one.header === other.header && one.null === other.null && one.delimiter === other.delimiter;
