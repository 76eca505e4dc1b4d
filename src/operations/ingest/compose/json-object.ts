import { type BytesColumn, isValid } from '../../../batch.ts';
import { Scratch } from '../../../formats/read/json/scratch.ts';
import { Offsets } from '../../../growing.ts';
import { jsonStringLength, printJsonString } from '../../../json-string.ts';
import type { ObjectMember } from './composition.ts';

const [COMMA, OPEN, CLOSE] = [0x2c, 0x7b, 0x7d];
const [ZERO, NINE, MINUS, DOT] = [0x30, 0x39, 0x2d, 0x2e];
const words = [Buffer.from('true'), Buffer.from('false')];
/** No number is written with more characters; PostgreSQL's own limit is far beyond. */
const longestNumber = 100;

/** Makes JSON objects of many columns of texts, row by row. Its column is valid until the next. */
export type ObjectWriter = (columns: readonly BytesColumn[], rows: number) => BytesColumn;

/** @param members in the order of the columns; NULLs are left out */
export function objectWriter(members: readonly ObjectMember[]): ObjectWriter {
  const keys = members.map(({ key }) => Buffer.from(`${JSON.stringify(key)}:`));
  const out = new Scratch();
  const ends = new Offsets();
  return (columns, rows) => {
    out.clear();
    ends.take();
    for (let row = 0; row < rows; row++) {
      out.add(OPEN);
      let first = true;
      for (let i = 0; i < columns.length; i++) {
        const column = columns[i]!;
        if (!isValid(column.validity, row)) continue;
        if (!first) out.add(COMMA);
        first = false;
        const { bytes, offsets } = column;
        const [start, end] = [offsets[row]!, offsets[row + 1]!];
        const { values } = members[i]!;
        if (values === 'members') out.addAll(bytes, start + 1, end - 1);
        else {
          out.addAll(keys[i]!, 0, keys[i]!.length);
          writeValue(bytes, start, end, values, out);
        }
      }
      out.add(CLOSE);
      ends.add(out.length);
    }
    const bytes = out.bytes.subarray(0, out.length);
    return { kind: 'utf8', offsets: ends.take(), bytes, validity: undefined };
  };
}

function writeValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  values: Exclude<ObjectMember['values'], 'members'>,
  out: Scratch,
): void {
  const asItIs = values === 'json' || (values === 'text' && isPlainValue(bytes, start, end));
  if (asItIs) out.addAll(bytes, start, end);
  else writeString(bytes, start, end, out);
}

/** A number that jsonb prints as it is written (no exponent, no zero in front, no −0), true or false. */
function isPlainValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || end - start > longestNumber) return false;
  if (words.some((word) => word.length === end - start && word.every((byte, i) => bytes[start + i] === byte)))
    return true;
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = at;
  let nonZero = false;
  for (; at < end && isDigit(bytes[at]!); at++) nonZero ||= bytes[at] !== ZERO;
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return false;
  if (at < end) {
    if (bytes[at] !== DOT || at + 1 === end) return false;
    for (at++; at < end && isDigit(bytes[at]!); at++) nonZero ||= bytes[at] !== ZERO;
  }
  return at === end && (nonZero || whole === start);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function writeString(bytes: Uint8Array, start: number, end: number, out: Scratch): void {
  out.reserve(jsonStringLength(bytes, start, end));
  out.length = printJsonString(bytes, start, end, out.bytes, out.length);
}
