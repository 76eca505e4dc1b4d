import type { Column } from '../../../batch.ts';
import { otherSize, refuseNulls } from './refusals.ts';

/**
 * Copies numbers and vectors as they lie in memory, which is how little-endian arrays have them.
 * @param width elements a row
 * @throws DataError for a NULL, or a vector of other dimensions
 */
export function copyElements(
  name: string,
  column: Column,
  rows: number,
  width: number,
  out: Uint8Array<ArrayBuffer>,
): void {
  refuseNulls(name, column.validity, rows);
  const from = firstElement(name, column, rows, width);
  const { values } = column as Extract<Column, { values: unknown }>;
  const start = values.byteOffset + from * values.BYTES_PER_ELEMENT;
  out.set(new Uint8Array(values.buffer, start, out.length));
}

/** Where the rows begin, which lie one behind the other. */
function firstElement(name: string, column: Column, rows: number, width: number): number {
  if (column.kind === 'ragged-vector') {
    const { offsets } = column;
    for (let row = 0; row < rows; row++) {
      const seen = offsets[row + 1]! - offsets[row]!;
      if (seen !== width) throw otherSize(name, 'dimensions', width, seen);
    }
    return offsets[0]!;
  }
  if ((column.kind === 'vector' || column.kind === 'halfvec') && column.dimensions !== width) {
    throw otherSize(name, 'dimensions', width, column.dimensions);
  }
  return 0;
}

/** Writes each bit as a byte, 0 or 1. @throws DataError for a NULL, or another number of bits */
export function spreadBits(
  name: string,
  column: Column,
  rows: number,
  width: number,
  out: Uint8Array<ArrayBuffer>,
): void {
  if (column.kind !== 'bits') throw new TypeError(`bits of kind ${column.kind}`);
  refuseNulls(name, column.validity, rows);
  const { lengths, offsets, bytes } = column;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (lengths[row] !== width) throw otherSize(name, 'bits', width, lengths[row]!);
    const start = offsets[row]!;
    for (let bit = 0; bit < width; bit++) out[at++] = (bytes[start + (bit >> 3)]! >> (7 - (bit & 7))) & 1;
  }
}
