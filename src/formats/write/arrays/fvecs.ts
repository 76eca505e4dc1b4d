import type { Column } from '../../../batch.ts';
import { UsageError } from '../../../errors.ts';
import { halfFloats } from '../../../vector/half.ts';
import type { Take, WriteColumn, WriteFormat } from '../format.ts';
import { alikeTuples } from './alike-tuples.ts';
import { arrayMeasures, arrayRows, refuseCountedNulls, sentForArray } from './column-array.ts';
import { refuseNulls } from './refusals.ts';
import {
  checkVectorsAndIds,
  chooseVectorsAndIds,
  idsArray,
  idsEnding,
  idsFile,
  vectorsColumn,
} from './vectors-and-ids.ts';

/**
 * The vectors as http://corpus-texmex.irisa.fr/ has them: for each row its dimensions as int32, then its elements as
 * float32, all little-endian. Rows may be of different lengths. The ids are an npy file beside it.
 */
export const fvecsFormat: WriteFormat = {
  name: 'fvecs',
  endings: ['fvecs'],
  binary: true,
  textOptions: [],
  compression: 'around',
  besides: [idsEnding],
  sent: sentForArray,
  choose: (columns, vector) => checked(chooseVectorsAndIds('fvecs', columns, vector)),
  check: (columns) => void checked(columns),
  // Each row says its dimensions itself.
  measures: (columns) => arrayMeasures(columns).filter(({ what }) => what !== 'dimensions'),
  encoder: (plan, take) => {
    const vectors = vectorsColumn(plan);
    const index = plan.columns.indexOf(vectors);
    const ids = idsArray(plan);
    const { length: dimensions } = vectors.type;
    return {
      takes: 'batches',
      encode: ({ rows, columns }) => {
        const records = vectorRecords(vectors.name, columns[index]!, rows, take);
        return {
          rows,
          streams: ids === undefined ? [records] : [records, arrayRows(ids, columns, rows, take)],
        };
      },
      encodeTuples:
        dimensions === undefined ? undefined : alikeTuples(plan, dimensions, int32(dimensions), take),
    };
  },
  files: (plan) => {
    refuseCountedNulls(plan, vectorsColumn(plan));
    const ids = idsArray(plan);
    const file = { ending: undefined, streams: [0], assembler: () => plain };
    return ids === undefined ? [file] : [file, idsFile(ids, 1)];
  },
};

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Records and nothing around them. */
const plain = { head: () => new Uint8Array(0), add: () => {}, end: () => [] };

/** @throws UsageError for columns that fvecs cannot hold */
function checked(columns: readonly WriteColumn[]): readonly WriteColumn[] {
  checkVectorsAndIds('fvecs', columns);
  const bits = columns.find(({ type }) => type.name === 'bit');
  if (bits === undefined) return columns;
  throw new UsageError(`column ${bits.name} holds bits, and fvecs floats`, {
    column: bits.name,
    hint: 'choose --format npy, which holds them as booleans',
  });
}

function vectorRecords(name: string, column: Column, rows: number, take: Take): Uint8Array<ArrayBuffer> {
  if (column.kind !== 'vector' && column.kind !== 'halfvec' && column.kind !== 'ragged-vector') {
    throw new TypeError(`vectors of kind ${column.kind}`);
  }
  refuseNulls(name, column.validity, rows);
  const { values } = column;
  const halves = values instanceof Uint16Array ? halfFloats() : undefined;
  const end = (row: number) =>
    column.kind === 'ragged-vector' ? column.offsets[row]! : row * column.dimensions;
  const length = (rows + end(rows) - end(0)) * 4;
  const bytes = take(length).subarray(0, length);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, length / 4);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, length / 4);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [end(row), end(row + 1)];
    words[at++] = to - from;
    if (halves === undefined) floats.set(values.subarray(from, to), at);
    else for (let i = from; i < to; i++) floats[at + i - from] = halves[values[i]!]!;
    at += to - from;
  }
  return bytes;
}
