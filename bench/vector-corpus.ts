import { spawnSync } from 'node:child_process';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { npyHead } from '../test/support/vector-files.ts';
import { generator } from './corpus.ts';
import { madeOnce, writeAll } from './files.ts';

/** Rows of a Parquet file's row group. */
const rowGroupSize = 10_000;

/** What such a row group holds: int64 and float32s. */
export function rowGroupBytes(dimensions: number): number {
  return rowGroupSize * (8 + dimensions * 4);
}

/** The same vectors in several files; where there are fields, `id` is the row's number from 0. */
export interface VectorCorpus {
  npy: string;
  fvecs: string;
  /** For COPY, of the columns id and embedding. */
  binary: string;
  /** Lists of floats, by compression. */
  parquet: { snappy: string; zstd: string };
}

/** Made-up float32 vectors, written once to the temporary folder. The same numbers every time. */
export async function vectorCorpus(rows: number, dimensions: number): Promise<VectorCorpus> {
  const name = `${rows}x${dimensions}`;
  const head = npyHead(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimensions}), }`);
  const signature = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const vectors = () => randomVectors(rows, dimensions);
  const file = (ending: string, chunks: () => Iterable<Buffer>) =>
    madeOnce(`${name}.${ending}`, (target) => writeAll(target, chunks()));
  return {
    npy: await file('npy', () => records(vectors(), npyRecord, head)),
    fvecs: await file('fvecs', () => records(vectors(), fvecsRecord)),
    binary: await file('pgcopy', () => records(vectors(), tuple, signature, Buffer.from([0xff, 0xff]))),
    parquet: {
      snappy: await madeOnce(`${name}-snappy.parquet`, (target) => writeParquet(target, vectors(), 'SNAPPY')),
      zstd: await madeOnce(`${name}-zstd.parquet`, (target) => writeParquet(target, vectors(), 'ZSTD')),
    },
  };
}

function* randomVectors(rows: number, dimensions: number): Generator<Float32Array> {
  const random = generator(42);
  for (let row = 0; row < rows; row++) {
    yield Float32Array.from({ length: dimensions }, () => (random() - 0.5) * 0.2);
  }
}

type Encode = (vector: Float32Array, row: number) => Buffer;

function* records(
  vectors: Iterable<Float32Array>,
  encode: Encode,
  head: Buffer = Buffer.alloc(0),
  tail: Buffer = Buffer.alloc(0),
): Generator<Buffer> {
  yield head;
  let row = 0;
  for (const vector of vectors) yield encode(vector, row++);
  yield tail;
}

const npyRecord: Encode = (vector) => Buffer.from(vector.buffer);

const fvecsRecord: Encode = (vector) => {
  const count = Buffer.alloc(4);
  count.writeInt32LE(vector.length);
  return Buffer.concat([count, npyRecord(vector, 0)]);
};

/** Two fields: int8, and pgvector's int16 dimensions, int16 0, float4 × dimensions. */
const tuple: Encode = (vector, row) => {
  const record = Buffer.alloc(22 + vector.length * 4);
  record.writeInt16BE(2);
  record.writeInt32BE(8, 2);
  record.writeBigInt64BE(BigInt(row), 6);
  record.writeInt32BE(4 + vector.length * 4, 14);
  record.writeInt16BE(vector.length, 18);
  vector.forEach((value, i) => {
    record.writeFloatBE(value, 22 + i * 4);
  });
  return record;
};

async function writeParquet(target: string, vectors: Iterable<Float32Array>, codec: 'SNAPPY' | 'ZSTD') {
  await parquetWriteRows({
    writer: fileWriter(target),
    rows: numbered(vectors),
    columns: [
      { name: 'id', encoding: 'PLAIN' },
      { name: 'embedding', encoding: 'PLAIN' },
    ],
    // As pyarrow writes a list.
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: 'embedding', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
    ],
    rowGroupSize,
    statistics: false,
    codec,
    compressors: { ZSTD: zstd },
  });
}

function* numbered(vectors: Iterable<Float32Array>): Generator<{ id: bigint; embedding: number[] }> {
  let id = 0n;
  for (const vector of vectors) yield { id: id++, embedding: Array.from(vector) };
}

/** By the command `zstd`, as Node 20 has none. */
function zstd(page: Uint8Array): Uint8Array {
  const { stdout, error } = spawnSync('zstd', ['-q', '-c'], { input: page, maxBuffer: 2 ** 30 });
  if (error) throw new Error(`the command zstd does not run: ${error.message}`);
  return stdout;
}
