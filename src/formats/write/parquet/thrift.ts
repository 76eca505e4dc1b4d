/** A value to be written, by its type in Thrift. `encoded`: a struct that has been written already. */
export type Thrift =
  | { i8: number }
  | { i32: number }
  | { i64: number }
  | { bool: boolean }
  | { bytes: Uint8Array }
  | { list: readonly Thrift[] }
  | { struct: Fields }
  | { encoded: Uint8Array };

/** A struct's fields by their ids; undefined: not there. */
export type Fields = Readonly<Record<number, Thrift | undefined>>;

// The types of fields and elements.
const [TRUE, FALSE, BYTE, I32, I64, BINARY, LIST, STRUCT] = [1, 2, 3, 5, 6, 8, 9, 12];

/** One struct in Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). */
export function encodeStruct(fields: Fields): Uint8Array {
  const bytes: (number | Uint8Array)[] = [];
  writeStruct(fields, bytes);
  return Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)));
}

export function text(value: string): Thrift {
  return { bytes: Buffer.from(value) };
}

type Out = (number | Uint8Array)[];

/** Field ids ascend, as an object's whole numbers do. */
function writeStruct(fields: Fields, out: Out): void {
  let before = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const id = Number(key);
    if (id - before > 15) throw new Error('field ids this far apart are not written');
    out.push(((id - before) << 4) | ('bool' in value && !value.bool ? FALSE : typeOf(value)));
    before = id;
    if (!('bool' in value)) writeValue(value, out);
  }
  out.push(0);
}

function typeOf(value: Thrift): number {
  if ('bool' in value) return TRUE;
  if ('i8' in value) return BYTE;
  if ('i32' in value) return I32;
  if ('i64' in value) return I64;
  if ('bytes' in value) return BINARY;
  return 'list' in value ? LIST : STRUCT;
}

function writeValue(value: Thrift, out: Out): void {
  if ('i8' in value) out.push(value.i8 & 0xff);
  else if ('i32' in value) writeVarint(zigzag(value.i32), out);
  else if ('i64' in value) writeVarint(zigzag(value.i64), out);
  else if ('bool' in value) out.push(value.bool ? TRUE : FALSE);
  else if ('bytes' in value) {
    writeVarint(value.bytes.length, out);
    out.push(value.bytes);
  } else if ('list' in value) writeList(value.list, out);
  else if ('struct' in value) writeStruct(value.struct, out);
  else out.push(value.encoded);
}

/** A list without elements may be of any type. */
function writeList(list: readonly Thrift[], out: Out): void {
  const type = list.length === 0 ? STRUCT : typeOf(list[0]!);
  if (list.length < 15) out.push((list.length << 4) | type);
  else {
    out.push(0xf0 | type);
    writeVarint(list.length, out);
  }
  for (const element of list) writeValue(element, out);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Seven bits a byte, the lowest first. */
function writeVarint(value: number, out: Out): void {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out.push((value % 0x80) | 0x80);
  out.push(value);
}
