import { elementTypes } from '../vectors/elements.ts';
import type { FieldType } from './field-type.ts';
import { dateText, durationText, intervalText, timestampText, timeText } from './time-text.ts';
import type { FieldValues } from './values.ts';

/** A value that is no list, struct or map, as PostgreSQL reads it, without loss. @param i a slot that holds one */
export function scalarText(type: FieldType, values: FieldValues, i: number): string {
  switch (type.kind) {
    case 'number': {
      const { text } = elementTypes[type.element];
      const written = text(numbersOf(values), i);
      return type.element === 'b1' ? (written === '1' ? 'true' : 'false') : written;
    }
    case 'date':
      return dateText(
        type.milliseconds ? Number(wholeNumber(values, i)) / 86_400_000 : numbersOf(values)[i]!,
      );
    case 'time':
      return timeText(wholeNumber(values, i), type.digits);
    case 'timestamp':
      return timestampText(wholeNumber(values, i), type);
    case 'duration':
      return durationText(wholeNumber(values, i), type.digits);
    case 'interval':
      return intervalText(bytesAt(values, i), type);
    case 'decimal':
      return decimalText(decimalUnits(values, i, type.bigEndian), type.scale);
    case 'uuid':
      return uuidText(bytesAt(values, i));
    case 'binary':
      return `\\x${hexadecimal(bytesAt(values, i))}`;
    default:
      return new TextDecoder().decode(bytesAt(values, i));
  }
}

/** The bytes of slot `i`. */
function bytesAt(values: FieldValues, i: number): Uint8Array {
  if (values.kind === 'bytes') return values.bytes.subarray(values.offsets[i], values.offsets[i + 1]);
  if (values.kind === 'fixed') return values.bytes.subarray(i * values.width, (i + 1) * values.width);
  throw new Error(`bytes were expected, and there are ${values.kind}`);
}

export function numbersOf(values: FieldValues) {
  if (values.kind === 'numbers') return values.elements;
  throw new Error(`numbers were expected, and there are ${values.kind}`);
}

/** 64-bit integers, which lie as halves, by their whole. */
export function wideIntegers(values: FieldValues): BigInt64Array {
  const { buffer, byteOffset, byteLength } = numbersOf(values);
  return new BigInt64Array(buffer, byteOffset, byteLength / 8);
}

/** The integer in slot `i`: halves where they are stored as Uint32Array, else 32 bits. */
function wholeNumber(values: FieldValues, i: number): bigint {
  const elements = numbersOf(values);
  if (!(elements instanceof Uint32Array)) return BigInt(elements[i]!);
  return (BigInt(elements[2 * i + 1]! | 0) << 32n) | BigInt(elements[2 * i]!);
}

/** A decimal's value times 10^scale. */
function decimalUnits(values: FieldValues, i: number, bigEndian: boolean): bigint {
  if (values.kind === 'numbers') return wholeNumber(values, i);
  const bytes = bytesAt(values, i);
  if (bytes.length === 0) return 0n;
  const digits = hexadecimal(bigEndian ? bytes : bytes.toReversed());
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`));
}

function decimalText(units: bigint, scale: number): string {
  if (scale <= 0) return String(units * 10n ** BigInt(-scale));
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function uuidText(bytes: Uint8Array): string {
  return hexadecimal(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
