import { isValid } from '../../../batch.ts';
import type { LeafData } from './leaf-data.ts';
import type { PageBuffer } from './page-buffer.ts';

// Levels in the hybrid of runs and packed bits (Parquet's Encodings.md, Run Length Encoding / Bit-Packing Hybrid), behind
// their length as uint32, as the first version of data pages has them.

/** Writes the repetition levels of rows [from, to) of lists: 0 begins a row, 1 goes on with it. */
export function writeRepetition({ lists }: LeafData, from: number, to: number, page: PageBuffer): void {
  const { starts, ends } = lists!;
  withLength(page, () => {
    const runs = new Runs(page);
    for (let row = from; row < to; row++) {
      runs.add(0, 1);
      const further = ends[row]! - starts[row]! - 1;
      if (further > 0) runs.add(1, further);
    }
    runs.end();
  });
}

/**
 * Writes the definition levels of rows [from, to): how far down there is something. 0: the row is NULL. Of lists 1: the
 * list is empty; of lists whose elements may be NULL 2: that one is; the highest: here is a value.
 * @param from a multiple of 8
 * @param highest the level of a value
 */
export function writeDefinition(
  data: LeafData,
  from: number,
  to: number,
  highest: number,
  page: PageBuffer,
): void {
  const { lists, validity } = data;
  withLength(page, () => {
    if (lists === undefined && validity !== undefined) writeBits(validity, from, to, page);
    else {
      const runs = new Runs(page);
      if (lists === undefined) runs.add(highest, to - from);
      else addListLevels(data, from, to, highest, runs);
      runs.end();
    }
  });
}

/** A bitmap is what packed levels of one bit are. */
function writeBits(validity: Uint8Array, from: number, to: number, page: PageBuffer): void {
  const bytes = validity.subarray(from >> 3, (to + 7) >> 3);
  page.varint(bytes.length * 2 + 1);
  page.append(bytes);
}

function addListLevels(data: LeafData, from: number, to: number, highest: number, runs: Runs): void {
  const { validity, elementValidity } = data;
  const { starts, ends } = data.lists!;
  for (let row = from; row < to; row++) {
    const [start, end] = [starts[row]!, ends[row]!];
    if (!isValid(validity, row)) runs.add(0, 1);
    else if (start === end) runs.add(1, 1);
    else if (elementValidity === undefined) runs.add(highest, end - start);
    else for (let i = start; i < end; i++) runs.add(isValid(elementValidity, i) ? highest : highest - 1, 1);
  }
}

function withLength(page: PageBuffer, write: () => void): void {
  const at = page.extend(4);
  write();
  page.putUint32(at, page.length - at - 4);
}

/** Runs of equal levels, none above 3: twice the length as a varint, and the level as a byte. */
class Runs {
  private readonly page: PageBuffer;
  private level = 0;
  private length = 0;

  constructor(page: PageBuffer) {
    this.page = page;
  }

  add(level: number, length: number): void {
    if (level !== this.level) {
      this.end();
      this.level = level;
    }
    this.length += length;
  }

  end(): void {
    if (this.length > 0) {
      this.page.varint(this.length * 2);
      this.page.byte(this.level);
    }
    this.length = 0;
  }
}
