import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { npyHead } from '../test/support/vector-files.ts';
import { generator } from './corpus.ts';

/** The same vectors in three files; the binary one, for COPY, has the row's number from 0 in front. */
export interface VectorCorpus {
  npy: string;
  fvecs: string;
  binary: string;
}

/** Made-up float32 vectors, written once to the temporary folder. The same numbers every time. */
export async function vectorCorpus(rows: number, dimensions: number): Promise<VectorCorpus> {
  const folder = path.join(os.tmpdir(), 'pgv-bench');
  mkdirSync(folder, { recursive: true });
  const name = path.join(folder, `${rows}x${dimensions}`);
  const corpus = { npy: `${name}.npy`, fvecs: `${name}.fvecs`, binary: `${name}.pgcopy` };
  const head = npyHead(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimensions}), }`);
  const signature = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const vectors = () => randomVectors(rows, dimensions);
  await write(corpus.npy, vectors(), head, Buffer.alloc(0), npyRecord);
  await write(corpus.fvecs, vectors(), Buffer.alloc(0), Buffer.alloc(0), fvecsRecord);
  await write(corpus.binary, vectors(), signature, Buffer.from([0xff, 0xff]), tuple);
  return corpus;
}

function* randomVectors(rows: number, dimensions: number): Generator<Float32Array> {
  const random = generator(42);
  for (let row = 0; row < rows; row++) {
    yield Float32Array.from({ length: dimensions }, () => (random() - 0.5) * 0.2);
  }
}

type Encode = (vector: Float32Array, row: number) => Buffer;

async function write(
  file: string,
  vectors: Iterable<Float32Array>,
  head: Buffer,
  tail: Buffer,
  encode: Encode,
): Promise<void> {
  if (existsSync(file)) return;
  const temporary = `${file}.${process.pid}`;
  const out = createWriteStream(temporary, { highWaterMark: 2 ** 20 });
  out.write(head);
  let row = 0;
  for (const vector of vectors) if (!out.write(encode(vector, row++))) await once(out, 'drain');
  out.end(tail);
  await once(out, 'close');
  renameSync(temporary, file);
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
