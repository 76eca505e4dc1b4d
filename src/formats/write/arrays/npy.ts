import type { WriteFormat, WritePlan } from '../format.ts';
import { alikeTuples } from './alike-tuples.ts';
import { arrayMeasures, arrayRows, type ColumnArray, columnArray, sentForArray } from './column-array.ts';
import { npyFile } from './npy-file.ts';
import {
  checkVectorsAndIds,
  chooseVectorsAndIds,
  idsArray,
  idsEnding,
  idsFile,
  vectorsColumn,
} from './vectors-and-ids.ts';

/**
 * One NumPy array of the vectors, rows × dimensions, as np.save writes it, and beside it one of the ids: float32, float16
 * of a halfvec, booleans of bits.
 */
export const npyFormat: WriteFormat = {
  name: 'npy',
  endings: ['npy'],
  binary: true,
  textOptions: [],
  compression: 'around',
  besides: [idsEnding],
  sent: sentForArray,
  choose: (columns, vector) => chooseVectorsAndIds('npy', columns, vector),
  check: (columns) => checkVectorsAndIds('npy', columns),
  measures: arrayMeasures,
  encoder: (plan, take) => {
    const { vectors, ids } = arraysOf(plan);
    const arrays = ids === undefined ? [vectors] : [vectors, ids];
    return {
      takes: 'batches',
      encode: ({ rows, columns }) => ({
        rows,
        streams: arrays.map((array) => arrayRows(array, columns, rows, take)),
      }),
      encodeTuples: alikeTuples(plan, vectors.dimensions!, new Uint8Array(0), take),
    };
  },
  files: (plan) => {
    const { vectors, ids } = arraysOf(plan);
    const file = npyFile(undefined, 0, vectors);
    return ids === undefined ? [file] : [file, idsFile(ids, 1)];
  },
};

function arraysOf(plan: WritePlan): { vectors: ColumnArray; ids: ColumnArray | undefined } {
  return { vectors: columnArray(plan, vectorsColumn(plan)), ids: idsArray(plan) };
}
