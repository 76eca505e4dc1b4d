import { halfFloats } from '../../../vector/half.ts';
import { numberText } from '../../../vector/vector-text.ts';

/** NumPy's names without byte order: kind and bytes. */
export type ElementName = 'f2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1';

/** Elements in the machine's byte order; 64-bit integers as two halves, the low one first. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** How elements of one type are read. */
export interface ElementType {
  /** Bytes. */
  size: number;
  /** SQL's type for one such number. */
  sql: 'real' | 'double precision' | 'bigint' | 'numeric' | 'boolean';
  /** @param length in bytes */
  view: (buffer: ArrayBuffer, byteOffset: number, length: number) => ElementArray;
  /** Element `i` as a number that rounds to the same float32 as the element itself. */
  number: (elements: ElementArray, i: number) => number;
  /** Element `i` as PostgreSQL reads it, without loss. */
  text: (elements: ElementArray, i: number) => string;
}

type ArrayClass = {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ElementArray;
  BYTES_PER_ELEMENT: number;
};

export const elementTypes: Record<ElementName, ElementType> = {
  f2: {
    ...plain(Uint16Array, 'real'),
    number: halfAt,
    text: (elements, i) => numberText(halfAt(elements, i)),
  },
  f4: plain(Float32Array, 'real'),
  f8: plain(Float64Array, 'double precision'),
  i1: plain(Int8Array, 'bigint'),
  i2: plain(Int16Array, 'bigint'),
  i4: plain(Int32Array, 'bigint'),
  i8: wide(true),
  u1: plain(Uint8Array, 'bigint'),
  u2: plain(Uint16Array, 'bigint'),
  u4: plain(Uint32Array, 'bigint'),
  u8: wide(false),
  b1: {
    ...plain(Uint8Array, 'boolean'),
    number: (elements, i) => (elements[i] === 0 ? 0 : 1),
    text: (elements, i) => (elements[i] === 0 ? '0' : '1'),
  },
};

function plain(Elements: ArrayClass, sql: ElementType['sql']): ElementType {
  const size = Elements.BYTES_PER_ELEMENT;
  return {
    size,
    sql,
    view: (buffer, byteOffset, length) => new Elements(buffer, byteOffset, length / size),
    number: (elements, i) => elements[i]!,
    text: (elements, i) => numberText(elements[i]!),
  };
}

function halfAt(elements: ElementArray, i: number): number {
  return halfFloats()[elements[i]!]!;
}

function wide(signed: boolean): ElementType {
  const upper = (words: ElementArray, i: number) => (signed ? words[2 * i + 1]! | 0 : words[2 * i + 1]!);
  return {
    size: 8,
    sql: signed ? 'bigint' : 'numeric',
    view: (buffer, byteOffset, length) => new Uint32Array(buffer, byteOffset, length / 4),
    number: (words, i) => wideNumber(upper(words, i), words[2 * i]!),
    text: (words, i) => String((BigInt(upper(words, i)) << 32n) | BigInt(words[2 * i]!)),
  };
}

/**
 * upper × 2^32 + lower. Beyond 2^53 a double would round, and float32 round again, perhaps the wrong way: so the
 * last bits become one that only says that there were any, which is all that float32's rounding asks of them.
 */
function wideNumber(upper: number, lower: number): number {
  const exact = upper >= -(2 ** 21) && upper < 2 ** 21;
  if (exact || (lower & 0xfff) === 0) return upper * 2 ** 32 + lower;
  return upper * 2 ** 32 + (((lower & ~0xfff) >>> 0) + 0x800);
}
