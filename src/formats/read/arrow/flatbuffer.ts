import { Damaged } from '../columnar/values.ts';

/**
 * A table of a FlatBuffer (https://flatbuffers.dev/internals/): its fields are found by way of its vtable. What lies
 * outside the buffer is a RangeError.
 */
export class Table {
  private readonly view: DataView;
  private readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  /** The table that a buffer begins with a reference to. */
  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return new Table(view, view.getUint32(0, true));
  }

  int8(field: number, absent = 0): number {
    const at = this.find(field);
    return at === 0 ? absent : this.view.getInt8(at);
  }

  int16(field: number, absent = 0): number {
    const at = this.find(field);
    return at === 0 ? absent : this.view.getInt16(at, true);
  }

  int32(field: number, absent = 0): number {
    const at = this.find(field);
    return at === 0 ? absent : this.view.getInt32(at, true);
  }

  /** A length or position: no negative number. */
  int64(field: number): number {
    const at = this.find(field);
    return at === 0 ? 0 : wholeNumber(this.view, at);
  }

  text(field: number): string | undefined {
    const at = this.follow(field);
    if (at === undefined) return undefined;
    const length = this.view.getUint32(at, true);
    if (at + 4 + length > this.view.byteLength) throw new RangeError('a text lies outside of its metadata');
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at + 4, length));
  }

  table(field: number): Table | undefined {
    const at = this.follow(field);
    return at === undefined ? undefined : new Table(this.view, at);
  }

  tables(field: number): Table[] {
    return this.list(field, 4).map((at) => new Table(this.view, at + this.view.getUint32(at, true)));
  }

  /** A list of numbers, or of structs of `parts` numbers each, one behind the other. */
  int64s(field: number, parts = 1): number[] {
    return this.list(field, 8 * parts).flatMap((at) =>
      Array.from({ length: parts }, (_, i) => wholeNumber(this.view, at + 8 * i)),
    );
  }

  /** Where the elements of a list begin. @param size bytes an element */
  private list(field: number, size: number): number[] {
    const at = this.follow(field);
    if (at === undefined) return [];
    const length = this.view.getUint32(at, true);
    if (at + 4 + length * size > this.view.byteLength)
      throw new RangeError('a list lies outside of its metadata');
    return Array.from({ length }, (_, i) => at + 4 + i * size);
  }

  private follow(field: number): number | undefined {
    const at = this.find(field);
    return at === 0 ? undefined : at + this.view.getUint32(at, true);
  }

  /** Where a field lies; 0 where it is not there. */
  private find(field: number): number {
    const vtable = this.at - this.view.getInt32(this.at, true);
    if (4 + 2 * field >= this.view.getUint16(vtable, true)) return 0;
    const offset = this.view.getUint16(vtable + 4 + 2 * field, true);
    return offset === 0 ? 0 : this.at + offset;
  }
}

function wholeNumber(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (value < 0 || !Number.isSafeInteger(value)) throw new Damaged('its metadata has a length that is none');
  return value;
}
