import { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { Batch, BytesColumn, Column, Piece } from '../../src/batch.ts';
import { encodeBinary } from '../../src/copy/binary.ts';
import type { OpenOptions, PieceDecoder, ReadFormat, Road } from '../../src/formats/read/format.ts';
import { type Source, streamSource } from '../../src/source.ts';
import type { ValueType } from '../../src/values/types.ts';

export function chunkedSource(bytes: Uint8Array, name: string, chunkLength = bytes.length || 1): Source {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkLength) chunks.push(bytes.slice(at, at + chunkLength));
  return streamSource(Readable.from(chunks, { objectMode: true }), name);
}

/** Bytes that are read here and there. */
export function seekableSource(bytes: Buffer, name: string): Source {
  let position = 0;
  const readAt = async (target: Uint8Array, from: number) => bytes.subarray(from).copy(target);
  const read = async (target: Uint8Array) => {
    const length = await readAt(target, position);
    position += length;
    return length;
  };
  return { name, byteLength: bytes.length, read, readAt, close: async () => {} };
}

export interface Reading extends OpenOptions {
  road?: Road;
  /** Of the column that the vectors go into. */
  type?: ValueType;
}

/** All rows of a file by way of its pieces: its vectors, and the number in the file that each row says it has. */
export async function readVectors(
  format: ReadFormat,
  source: Source,
  options: Reading,
): Promise<{ values: unknown[]; numbers: number[] }> {
  try {
    return await readPieces(format, source, options);
  } finally {
    await source.close();
  }
}

async function readPieces(
  format: ReadFormat,
  source: Source,
  { road = 'binary', type = { name: 'vector' }, ...options }: Reading,
): Promise<{ values: unknown[]; numbers: number[] }> {
  const file = await format.open(source, options);
  const columns = [
    { name: 'v', field: 0, type, inferred: false },
    { name: 'n', field: 1, type: { name: 'int8' }, inferred: false },
  ];
  const decoder = format.decoder(file.layout, columns, road, { utc: true });
  const [values, numbers]: [unknown[], number[]] = [[], []];
  for await (const piece of file.pieces()) {
    if (road === 'binary') expectSameTuples(decoder, piece);
    let n = 0;
    for (const batch of decoder.batches(piece)) {
      for (let row = 0; row < batch.rows; row++) {
        values.push(valueAt(batch.columns[0]!, row));
        numbers.push(numberAt(batch, row));
        expect(decoder.rowNumber(piece, n++)).toBe(numbers.at(-1)! + 1);
      }
    }
    expect(decoder.bytesRead).toBe(piece.bytes.length);
    file.recycle(piece.bytes.fill(0x78).buffer);
  }
  return { values, numbers };
}

/** The shorter way to tuples, where there is one, comes to those of the batches, or to their error. */
export function expectSameTuples(decoder: PieceDecoder, piece: Piece): void {
  const tuples = decoder.tuples?.(piece);
  if (tuples === undefined) return;
  const outcome = (chunks: () => Iterable<Uint8Array>) => {
    try {
      return Buffer.concat(Array.from(chunks(), (chunk) => chunk.slice())).toString('base64');
    } catch (error) {
      return error;
    }
  };
  const batches = function* () {
    for (const batch of decoder.batches(piece)) yield encodeBinary(batch);
  };
  expect(outcome(() => tuples)).toEqual(outcome(batches));
}

function valueAt(column: Column, row: number): unknown {
  switch (column.kind) {
    case 'vector':
    case 'halfvec':
      return Array.from(column.values.subarray(row * column.dimensions, (row + 1) * column.dimensions));
    case 'utf8':
      return textAt(column, row);
    case 'int64':
    case 'float64':
      return column.values[row];
    default:
      throw new Error(`a column of kind ${column.kind}`);
  }
}

function numberAt({ columns }: Batch, row: number): number {
  const column = columns[1]!;
  return column.kind === 'utf8' ? Number(textAt(column, row)) : Number(valueAt(column, row));
}

function textAt({ bytes, offsets }: BytesColumn, row: number): string {
  return Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString();
}
