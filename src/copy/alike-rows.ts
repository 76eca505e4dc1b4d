import type { Field, Out } from './field.ts';

/** Bytes of vectors at a time: they stay in the cache that is nearest to the processor. */
const blockLength = 2 ** 15;

/**
 * Writes tuples that are all of one length, as those of vectors and numbers without a NULL: the vectors of many rows in
 * one go, which takes half the time of one after the other.
 * @returns where they end; undefined for other tuples, and where there is no WebAssembly
 */
export function writeAlike(
  rows: number,
  fields: readonly Field[],
  out: Out,
  from: number,
): number | undefined {
  const { swapper } = out;
  if (swapper === undefined) return undefined;
  /** Where each field's value begins, behind its length. */
  const starts: number[] = [];
  let length = 2;
  let longest = 1;
  for (const { size, validity, floats } of fields) {
    if (size === undefined || validity !== undefined) return undefined;
    starts.push(length + 4);
    length += 4 + size;
    if (floats !== undefined) longest = Math.max(longest, 4 * floats.dimensions);
  }
  const rowsAtOnce = Math.max(1, Math.floor(Math.min(blockLength, swapper.from.length) / longest));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const to = Math.min(rows, row + rowsAtOnce);
    const at = from + row * length;
    writeHeads(row, to, fields, starts, length, out, at);
    for (const [i, { floats }] of fields.entries()) {
      if (floats === undefined) continue;
      const { dimensions, bytes } = floats;
      const size = 4 * dimensions;
      swapper.from.set(bytes.subarray(row * size, to * size));
      swapper.swap(0, at + starts[i]! + 4, { from: size, to: length }, dimensions, to - row);
    }
  }
  return from + rows * length;
}

/** All of rows [from, to) but their vectors' elements. */
function writeHeads(
  from: number,
  to: number,
  fields: readonly Field[],
  starts: readonly number[],
  length: number,
  out: Out,
  first: number,
): void {
  const { view } = out;
  for (let [row, at] = [from, first]; row < to; row++, at += length) {
    view.setInt16(at, fields.length);
    for (let i = 0; i < fields.length; i++) {
      const { size, floats, write } = fields[i]!;
      const start = at + starts[i]!;
      view.setInt32(start - 4, size!);
      if (floats === undefined) write(row, out, start);
      else view.setInt32(start, floats.dimensions << 16);
    }
  }
}
