import { rowSwapper } from '../../../vector/floats-wasm.ts';
import type { EncodeTuples, Take, WriteColumn, WritePlan } from '../format.ts';
import { isNumber } from './column-array.ts';
import { idsArray, vectorsColumn } from './vectors-and-ids.ts';

/** Bytes of tuples at a time: they stay in the cache that is nearest to the processor. */
const blockLength = 2 ** 15;

/**
 * A short way for vectors of so many dimensions, with numbers for ids or without any: their tuples are alike, all of one
 * length, so that the values stand where they are expected and are put in order without being decoded. Others, such as those
 * with a NULL, it leaves.
 * @param head what stands before each vector in the file
 * @returns undefined for other types, and where there is no WebAssembly
 */
export function alikeTuples(
  plan: WritePlan,
  dimensions: number,
  head: Uint8Array,
  take: Take,
): EncodeTuples | undefined {
  const vectors = vectorsColumn(plan);
  const areNumbers = plan.columns.every((column) => column === vectors || isNumber(column));
  if (vectors.type.name !== 'vector' || !areNumbers) return undefined;
  const ids = idsArray(plan);
  const wire = wireOf(plan.columns, vectors, dimensions, ids?.rowLength ?? 0);
  const recordLength = head.length + 4 * dimensions;
  const rowsAtOnce = Math.max(1, Math.floor(blockLength / wire.length));
  const swapper = rowSwapper(rowsAtOnce * wire.length, rowsAtOnce * recordLength);
  if (swapper === undefined) return undefined;
  const { from, to, swap } = swapper;
  for (let row = 0; row < rowsAtOnce; row++) to.set(head, row * recordLength);
  const strides = { from: wire.length, to: recordLength };
  return (tuples, rows) => {
    if (!areAlike(tuples, rows, wire)) return undefined;
    const bytes = take(rows * recordLength).subarray(0, rows * recordLength);
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - row);
      from.set(tuples.subarray(row * wire.length, (row + count) * wire.length));
      swap(wire.elements, head.length, strides, dimensions, count);
      bytes.set(to.subarray(0, count * recordLength), row * recordLength);
    }
    if (ids === undefined) return { rows, streams: [bytes] };
    const numbers = take(rows * ids.rowLength).subarray(0, rows * ids.rowLength);
    reverseNumbers(tuples, wire.length, wire.number, ids.rowLength, numbers);
    return { rows, streams: [bytes, numbers] };
  };
}

/** How each tuple lies in a COPY BINARY. */
interface Wire {
  length: number;
  /** Where its vector's elements, and its number, begin. */
  elements: number;
  number: number;
  /** Bytes that are the same in every tuple: where they stand, and what they are. */
  places: Uint32Array;
  values: Uint8Array;
}

/**
 * int16 fields, then each field's length as int32 and its bytes; a vector's begin with int16 dimensions and int16 0.
 * @param size of the number, where there is one
 */
function wireOf(
  columns: readonly WriteColumn[],
  vectors: WriteColumn,
  dimensions: number,
  size: number,
): Wire {
  const same: [place: number, value: number][] = [];
  let length = 0;
  const add = (...values: number[]) => {
    for (const value of values) same.push([length++, value & 0xff]);
  };
  const addSize = (bytes: number) => add(bytes >> 24, bytes >> 16, bytes >> 8, bytes);
  add(0, columns.length);
  let [elements, number] = [0, 0];
  for (const column of columns) {
    if (column === vectors) {
      addSize(4 + 4 * dimensions);
      add(dimensions >> 8, dimensions, 0, 0);
      elements = length;
      length += 4 * dimensions;
    } else {
      addSize(size);
      number = length;
      length += size;
    }
  }
  const places = Uint32Array.from(same, ([place]) => place);
  return { length, elements, number, places, values: Uint8Array.from(same, ([, value]) => value) };
}

function areAlike(tuples: Uint8Array, rows: number, { length, places, values }: Wire): boolean {
  if (tuples.length !== rows * length) return false;
  for (let at = 0; at < tuples.length; at += length) {
    for (let i = 0; i < places.length; i++) if (tuples[at + places[i]!] !== values[i]) return false;
  }
  return true;
}

/** Big-endian numbers of one size, one a tuple, to little-endian ones. */
function reverseNumbers(
  tuples: Uint8Array,
  length: number,
  first: number,
  size: number,
  out: Uint8Array,
): void {
  let last = first + size - 1;
  for (let at = 0; at < out.length; at += size) {
    for (let i = 0; i < size; i++) out[at + i] = tuples[last - i]!;
    last += length;
  }
}
