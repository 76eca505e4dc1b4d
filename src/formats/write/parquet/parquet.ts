import { sentFor } from '../columnar/field-kind.ts';
import { type Compress, compressor } from '../compress.ts';
import type { WriteFormat } from '../format.ts';
import { compressionOf, ParquetAssembler } from './footer.ts';
import { RowGroupEncoder } from './row-group.ts';

/** Readers take row groups whole, and like them large; a lane holds one several times over. */
const rowGroupLength = 4 * 2 ** 20;

let compress: Compress | undefined;

/** Apache Parquet (https://parquet.apache.org/docs/file-format/): a part is a row group. */
export const parquetFormat: WriteFormat = {
  name: 'parquet',
  endings: ['parquet', 'pq'],
  binary: true,
  textOptions: [],
  compression: ['zstd', 'gzip'],
  partLength: rowGroupLength,
  sent: sentFor,
  prepare: async (plan) => {
    compress = await compressor(compressionOf(plan));
  },
  encoder: (plan, take) => {
    const encoder = new RowGroupEncoder(plan, compress!, take);
    return { takes: 'batches', encode: (batch) => encoder.encode(batch) };
  },
  files: () => [{ ending: undefined, streams: [0], assembler: (plan) => new ParquetAssembler(plan) }],
};
