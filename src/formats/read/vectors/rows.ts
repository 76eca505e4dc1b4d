import type { Piece } from '../../../batch.ts';
import { type ElementArray, type ElementType, elementTypes } from './elements.ts';
import { recordLength, type VectorLayout } from './layout.ts';

/** Rows of a piece, as elements in the machine's byte order. */
export interface Rows {
  elements: ElementArray;
  type: ElementType;
  dimensions: number;
  /** A row is one number, and no list of one. */
  scalar: boolean;
  /** Element `column` of row `row` is elements[first + row × rowStep + column × columnStep]. */
  first: number;
  rowStep: number;
  columnStep: number;
}

/** Makes a piece's bytes into rows; one a decoder, as it keeps a buffer. */
export class RowsReader {
  private readonly layout: VectorLayout;
  private readonly type: ElementType;
  private swapped = Buffer.alloc(0);

  constructor(layout: VectorLayout) {
    this.layout = layout;
    this.type = elementTypes[layout.element];
  }

  /** @param count whole rows of the piece. The rows are valid until the next piece. */
  read({ bytes }: Piece, count: number): Rows {
    const { layout, type } = this;
    const { dimensions, prefix, scalar } = layout;
    const length = count * recordLength(layout);
    const own = layout.bigEndian ? this.swap(bytes.subarray(0, length)) : bytes;
    const elements = type.view(own.buffer, own.byteOffset, length);
    const steps = layout.columnMajor
      ? { first: 0, rowStep: 1, columnStep: count }
      : { first: prefix / type.size, rowStep: dimensions + prefix / type.size, columnStep: 1 };
    return { elements, type, dimensions, scalar, ...steps };
  }

  /** A copy, as the piece may have to be read again. */
  private swap(bytes: Uint8Array): Buffer<ArrayBuffer> {
    if (this.swapped.length < bytes.length) this.swapped = Buffer.from(new ArrayBuffer(bytes.length));
    const copy = this.swapped.subarray(0, bytes.length) as Buffer<ArrayBuffer>;
    copy.set(bytes);
    const { size } = this.type;
    if (size === 2) copy.swap16();
    else if (size === 4) copy.swap32();
    else if (size === 8) copy.swap64();
    return copy;
  }
}

/** Rows [from, from + count) as float32, row after row: a view of the piece where they lie like that, else in `out`. */
export function asFloats(rows: Rows, from: number, count: number, out: Float32Array): Float32Array {
  const { elements, dimensions, first, rowStep, columnStep, type } = rows;
  if (elements instanceof Float32Array && columnStep === 1) {
    const start = first + from * rowStep;
    if (rowStep === dimensions) return elements.subarray(start, start + count * dimensions);
    for (let row = 0; row < count; row++) {
      const at = start + row * rowStep;
      out.set(elements.subarray(at, at + dimensions), row * dimensions);
    }
    return out.subarray(0, count * dimensions);
  }
  const { number } = type;
  if (columnStep === 1) {
    let at = 0;
    for (let row = from; row < from + count; row++) {
      const start = first + row * rowStep;
      for (let i = start; i < start + dimensions; i++) out[at++] = number(elements, i);
    }
  } else {
    // Along the columns, as they lie.
    for (let column = 0; column < dimensions; column++) {
      const start = first + from * rowStep + column * columnStep;
      for (let row = 0; row < count; row++) {
        out[row * dimensions + column] = number(elements, start + row * rowStep);
      }
    }
  }
  return out.subarray(0, count * dimensions);
}

/** Index of an element. */
export function elementIndex(rows: Rows, row: number, column: number): number {
  return rows.first + row * rows.rowStep + column * rows.columnStep;
}
