import { Damaged } from '../columnar/values.ts';

/** A struct's fields by their ids. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = number | boolean | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** Structs within structs; Parquet's own nest six deep. */
const deepest = 32;

/** The bytes end within what is read; where more of them can be had, it may be read again. */
export class Truncated extends Damaged {
  constructor() {
    super('its metadata is cut short');
  }
}

/**
 * Reads one struct in Thrift's compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) from `at` on. Integers come as
 * numbers, rounded beyond 2^53, where Parquet has none that count.
 * @returns the struct, and where it ends
 * @throws Truncated, Damaged
 */
export function readStruct(bytes: Uint8Array, at = 0): { struct: ThriftStruct; end: number } {
  const reader = new Reader(bytes, at);
  return { struct: reader.struct(0), end: reader.at };
}

// The types of fields and elements.
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
];

class Reader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > deepest) throw new Damaged('its metadata nests too deep');
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return fields;
      const delta = head >> 4;
      id = delta === 0 ? this.zigzag() : id + delta;
      const type = head & 0x0f;
      fields.set(id, type === TRUE ? true : type === FALSE ? false : this.value(type, depth));
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
      case FALSE:
        return this.byte() === TRUE;
      case BYTE:
        return (this.byte() << 24) >> 24;
      case I16:
      case I32:
      case I64:
        return this.zigzag();
      case DOUBLE:
        return this.take(8);
      case BINARY:
        return this.take(this.varint());
      case LIST:
      case SET:
        return this.list(depth);
      case MAP:
        return this.map(depth);
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw new Damaged(`its metadata has a field of the unknown type ${type}`);
    }
  }

  private list(depth: number): ThriftValue[] {
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    // Every element takes a byte at least.
    if (size > this.bytes.length - this.at) throw new Truncated();
    return Array.from({ length: size }, () => this.value(head & 0x0f, depth + 1));
  }

  /** As a list of keys and values; Parquet has none. */
  private map(depth: number): ThriftValue[] {
    const size = this.varint();
    if (size === 0) return [];
    const types = this.byte();
    if (size > this.bytes.length - this.at) throw new Truncated();
    return Array.from({ length: size }, () => [
      this.value(types >> 4, depth + 1),
      this.value(types & 0x0f, depth + 1),
    ]);
  }

  private zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private varint(): number {
    let value = 0;
    for (let unit = 1; unit < 2 ** 70; unit *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    throw new Damaged('its metadata has a number of more than 64 bits');
  }

  private take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new Truncated();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw new Truncated();
    return this.bytes[this.at++]!;
  }
}

/** Field `id` as a whole number from 0 on; `absent` where it is not there. @throws Damaged for anything else */
export function countAt(struct: ThriftStruct, id: number, absent?: number): number {
  const value = struct.get(id) ?? absent;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Damaged(`its metadata lacks a number (field ${id})`);
}

/** Field `id` as a struct; undefined where it is not there. */
export function structAt(struct: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = struct.get(id);
  return value instanceof Map ? value : undefined;
}

/** Field `id` as a list of structs. */
export function structsAt(struct: ThriftStruct, id: number): readonly ThriftStruct[] {
  const value = struct.get(id);
  if (!Array.isArray(value) || !value.every((element) => element instanceof Map)) {
    throw new Damaged(`its metadata lacks a list (field ${id})`);
  }
  return value;
}

/** Field `id` as text; undefined where it is not there. */
export function textAt(struct: ThriftStruct, id: number): string | undefined {
  const value = struct.get(id);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}
