import { grown } from '../../../growing.ts';

/** A field of a table. */
export type Value =
  | { int8: number }
  | { int16: number }
  | { int32: number }
  | { int64: number }
  | { text: string }
  | { table: Table }
  | { tables: readonly Table[] }
  /** Structs of `parts` int64 each, one behind the other. */
  | { structs: readonly number[]; parts: number };

/** A table's fields, in the order of its definition; undefined: not there, which means its default. */
export type Table = readonly (Value | undefined)[];

/** The buffer that holds one table (https://flatbuffers.dev/internals/), from the top down, as references point forward. */
export function encodeFlatbuffer(root: Table): Uint8Array<ArrayBuffer> {
  const builder = new Builder();
  const at = builder.extend(4, 4);
  builder.refer(at, builder.table(root));
  return builder.content;
}

class Builder {
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  get content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** The vtable, which says where each field is from the table's beginning; the table; and what its fields refer to. */
  table(fields: Table): number {
    const vtable = this.extend(4 + 2 * fields.length, 2);
    const start = this.extend(4, 8);
    this.view.setInt32(start, start - vtable, true);
    const places = fields.map((value) => value && this.inline(value));
    this.view.setUint16(vtable, 4 + 2 * fields.length, true);
    this.view.setUint16(vtable + 2, this.length - start, true);
    places.forEach((place, i) => {
      if (place !== undefined) this.view.setUint16(vtable + 4 + 2 * i, place - start, true);
    });
    fields.forEach((value, i) => {
      const target = value && this.behind(value);
      if (target !== undefined) this.refer(places[i]!, target);
    });
    return start;
  }

  /** Makes room, filled with zeros. @returns where it begins, a multiple of `alignment` */
  extend(length: number, alignment: number): number {
    const at = Math.ceil(this.length / alignment) * alignment;
    this.length = at + length;
    if (this.length > this.bytes.length) {
      this.bytes = grown(this.bytes, this.length);
      this.view = new DataView(this.bytes.buffer);
    }
    return at;
  }

  refer(at: number, target: number): void {
    this.view.setUint32(at, target - at, true);
  }

  /** What stands in the table itself: a number, or the room for a reference. */
  private inline(value: Value): number {
    if ('int8' in value) {
      const at = this.extend(1, 1);
      this.view.setInt8(at, value.int8);
      return at;
    }
    if ('int16' in value) {
      const at = this.extend(2, 2);
      this.view.setInt16(at, value.int16, true);
      return at;
    }
    if ('int64' in value) {
      const at = this.extend(8, 8);
      this.view.setBigInt64(at, BigInt(value.int64), true);
      return at;
    }
    const at = this.extend(4, 4);
    if ('int32' in value) this.view.setInt32(at, value.int32, true);
    return at;
  }

  /** What a field refers to; undefined for numbers. */
  private behind(value: Value): number | undefined {
    if ('text' in value) return this.text(value.text);
    if ('table' in value) return this.table(value.table);
    if ('tables' in value) return this.tables(value.tables);
    return 'structs' in value ? this.structs(value.structs, value.parts) : undefined;
  }

  /** With a zero behind it. */
  private text(text: string): number {
    const bytes = Buffer.from(text);
    const at = this.extend(4 + bytes.length + 1, 4);
    this.view.setUint32(at, bytes.length, true);
    this.bytes.set(bytes, at + 4);
    return at;
  }

  private tables(tables: readonly Table[]): number {
    const at = this.extend(4 + 4 * tables.length, 4);
    this.view.setUint32(at, tables.length, true);
    tables.forEach((table, i) => {
      const target = this.table(table);
      this.refer(at + 4 + 4 * i, target);
    });
    return at;
  }

  /** The number of structs stands right in front of them. */
  private structs(numbers: readonly number[], parts: number): number {
    this.extend(4, 8);
    const at = this.extend(4, 4);
    this.view.setUint32(at, numbers.length / parts, true);
    const first = this.extend(8 * numbers.length, 8);
    numbers.forEach((number, i) => {
      this.view.setBigInt64(first + 8 * i, BigInt(number), true);
    });
    return at;
  }
}
