import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { seekable } from '../seekable.ts';
import { vectorDecoder } from '../vectors/decoder.ts';
import { fieldName, type VectorLayout } from '../vectors/layout.ts';
import type { RowSource } from '../vectors/row-pieces.ts';
import { npyRows, readNpyFile } from './npy-rows.ts';
import { isReadable, rowArray } from './row-array.ts';
import { arraysDecoder } from './rows-of-arrays.ts';
import { type ArrayField, openSideBySide } from './side-by-side.ts';

/**
 * Vectors, and before them as the field `id` what the npy file beside them has for each.
 * @throws DataError where that holds no ids, or not as many as there are vectors
 */
export async function openWithIds(
  layout: VectorLayout,
  rows: RowSource,
  ids: Source,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { format, file } = layout;
  const vectors: ArrayField = { name: fieldName(layout), array: { kind: 'numbers', layout }, rows };
  const beside = await idField(ids, format);
  if (beside.rows.rows !== rows.rows) {
    throw refused(
      ids.name,
      `${ids.name} has ${beside.rows.rows} rows, ${file} has ${rows.rows}`,
      'ids-differ',
    );
  }
  return openSideBySide(format, file, [beside, vectors], options);
}

async function idField(ids: Source, format: string): Promise<ArrayField> {
  const source = seekable(ids, 'npy');
  const { name: file } = source;
  const header = await readNpyFile(source);
  const { shape, descr } = header;
  if (shape.length !== 1)
    throw refused(file, `the array has ${shape.length} axes, and ids have one`, 'bad-shape');
  if (!isReadable(header)) {
    throw refused(
      file,
      `the array holds elements of type ${descr ?? 'record'}, and ids are numbers or text`,
      'bad-element-type',
    );
  }
  const array = rowArray('id', header, format, file);
  return { name: 'id', array, rows: npyRows(source, header, array) };
}

function refused(file: string, message: string, code: string): DataError {
  return new DataError(message, {
    code,
    file,
    hint: 'it is taken for the ids, as it lies beside the vectors: move it elsewhere, or leave it out with --columns embedding',
  });
}

/** The decoder of vectors that stand alone, or have their ids beside them. */
export const decoderWithIds: ReadFormat['decoder'] = (layout, ...rest) =>
  'arrays' in layout ? arraysDecoder(layout, ...rest) : vectorDecoder(layout, ...rest);
