import { DataError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { VdfNamespace } from '../../formats/read/vdf/meta.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { maxDimensions } from '../../vector/limits.ts';
import { requireVectorExtension } from '../extension.ts';
import { type MappingOptions, mapFields } from '../ingest/mapping.ts';
import {
  createDesigned,
  type DesignOptions,
  describeDesign,
  designTable,
  type TableMaker,
} from '../ingest/new-table.ts';
import { openInput } from '../ingest/open-input.ts';
import { unionOfFields } from './union.ts';

/** What becomes of the files' fields. */
interface Mapping extends MappingOptions, DesignOptions {
  table: string;
}

/** Makes a table with the columns of all files, as each may have fields of its own: the keys of payloads differ. */
export function unionMaker(
  files: readonly NamedInput[],
  told: VdfNamespace,
  options: Mapping,
  reporter: Reporter,
  signal: AbortSignal,
): TableMaker {
  return {
    check: async () => {},
    make: async (session) => {
      const opened: OpenedFile[] = [];
      for (const file of files) opened.push(await beginningOf(file, reporter, signal));
      const whole = asOne(opened, told);
      const fields = mapFields(whole, options, undefined);
      const extension = await requireVectorExtension(session);
      const design = designTable(options.table, whole, fields, options, extension);
      await createDesigned(session, design);
      return describeDesign(design);
    },
  };
}

async function beginningOf(input: NamedInput, reporter: Reporter, signal: AbortSignal): Promise<OpenedFile> {
  const { source, file } = await openInput(input, { format: 'parquet' }, reporter, signal);
  await source.close();
  return file;
}

/**
 * A file that has the fields of all.
 * @throws DataError where they lack the vectors that are told of
 */
function asOne(files: readonly OpenedFile[], told: VdfNamespace): OpenedFile {
  const types = unionOfFields(files);
  const names = [...types.keys()];
  const absent = told.vectorColumns.find((name) => !types.has(name));
  if (absent !== undefined) {
    throw new DataError(`${told.index} is to have vectors in ${absent}, which its files have not`, {
      code: 'no-vectors',
      file: files[0]!.layout.file,
      column: absent,
      hint: `their fields are ${names.join(', ')}`,
    });
  }
  const sample = files.flatMap(({ fieldNames = [], sample: records }) => {
    const at = names.map((name) => fieldNames.indexOf(name));
    return records.map((record) => at.map((field) => record[field] ?? null));
  });
  return {
    ...files[0]!,
    fieldNames: names,
    fieldCount: names.length,
    types: names.map((name) => withDimensions(types.get(name)!, name, told)),
    sample,
  };
}

/** Vectors of which the beginning of no file tells how long they are. */
function withDimensions(type: string, name: string, { vectorColumns, dimensions }: VdfNamespace): string {
  const isKnown = !vectorColumns.includes(name) || /^(?:vector|halfvec|sparsevec)\b/.test(type);
  if (isKnown || dimensions === undefined || dimensions > maxDimensions.vector) return type;
  return `vector(${dimensions})`;
}
