import { sentFor } from '../columnar/field-kind.ts';
import { type Compress, compressor } from '../compress.ts';
import type { WriteFormat } from '../format.ts';
import { ArrowAssembler } from './arrow-file.ts';
import { encodeRecordBatch } from './record-batch.ts';

/** Readers work with record batches whole; a lane holds one several times over. */
const recordBatchLength = 4 * 2 ** 20;

let zstd: Compress | undefined;

/**
 * Arrow IPC as a file (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format), which Feather version 2 is: a
 * part is a record batch. Not compressed, unless it is asked for, so that it can be read where it lies.
 */
export const arrowFormat: WriteFormat = {
  name: 'arrow',
  endings: ['arrow', 'feather', 'ipc'],
  binary: true,
  textOptions: [],
  compression: ['zstd'],
  partLength: recordBatchLength,
  sent: sentFor,
  prepare: async ({ compression }) => {
    if (compression !== undefined) zstd = await compressor(compression);
  },
  encoder: ({ columns, compression }, take) => ({
    takes: 'batches',
    encode: (batch) => encodeRecordBatch(batch, columns, compression && zstd, take),
  }),
  files: () => [{ ending: undefined, streams: [0], assembler: ({ columns }) => new ArrowAssembler(columns) }],
};
