import type { TextReader } from '../text-reader.ts';
import { fixedReader } from './fixed-reader.ts';

/*
 * Dates and times in ISO 8601 as PostgreSQL, Python, JavaScript and most databases print them:
 * `2024-02-29`, `2024-02-29 12:30:00.25`, `2024-02-29T12:30:00Z`, `… +05:30`. Every other spelling
 * (and infinity, BC, names of zones) is left to PostgreSQL. The calendar is the proleptic Gregorian one.
 */

export interface TimestampOptions {
  /** The type has a zone (timestamptz). */
  zone: boolean;
  /** The session's TimeZone is UTC, so that a text without a zone can be read here. */
  utc: boolean;
}

const dayInMicroseconds = 86_400_000_000;
const dayInMicrosecondsBig = BigInt(dayInMicroseconds);
/** Days within which microseconds since 2000 are a safe integer. */
const safeDays = 100_000;

export function timestampReader(options: TimestampOptions): TextReader {
  return fixedReader<BigInt64Array<ArrayBuffer>>({
    array: new BigInt64Array(0),
    width: 1,
    store: (bytes, start, end, array, at) => storeTimestamp(bytes, start, end, array, at, options),
    column: (values, validity) => ({ kind: 'timestamp', values, validity }),
  });
}

export function dateReader(): TextReader {
  return fixedReader<Int32Array<ArrayBuffer>>({
    array: new Int32Array(0),
    width: 1,
    store: (bytes, start, end, array, at) => {
      const days = end - start === 10 ? readDate(bytes, start) : Number.NaN;
      array[at] = days;
      return !Number.isNaN(days);
    },
    column: (values, validity) => ({ kind: 'date', values, validity }),
  });
}

export function timeReader(): TextReader {
  return fixedReader<BigInt64Array<ArrayBuffer>>({
    array: new BigInt64Array(0),
    width: 1,
    store: (bytes, start, end, array, at) => {
      const microseconds = readTime(bytes, start, end);
      if (Number.isNaN(microseconds) || stoppedAt !== end) return false;
      array[at] = BigInt(microseconds);
      return true;
    },
    column: (values, validity) => ({ kind: 'time', values, validity }),
  });
}

function storeTimestamp(
  bytes: Uint8Array,
  start: number,
  end: number,
  array: BigInt64Array,
  at: number,
  { zone, utc }: TimestampOptions,
): boolean {
  if (end - start < 10) return false;
  const days = readDate(bytes, start);
  let microseconds = 0;
  stoppedAt = start + 10;
  if (stoppedAt < end) {
    if (bytes[stoppedAt] !== 0x20 && bytes[stoppedAt] !== 0x54) return false;
    microseconds = readTime(bytes, stoppedAt + 1, end);
  }
  if (Number.isNaN(days + microseconds)) return false;
  const offset = stoppedAt === end ? undefined : readZone(bytes, stoppedAt, end);
  if (Number.isNaN(offset) || (zone && offset === undefined && !utc)) return false;
  // A timestamp without a zone ignores one in the text, as PostgreSQL does.
  if (zone && offset !== undefined) microseconds -= offset;
  if (days > -safeDays && days < safeDays) array[at] = BigInt(days * dayInMicroseconds + microseconds);
  else array[at] = BigInt(days) * dayInMicrosecondsBig + BigInt(microseconds);
  return true;
}

/** Where readTime and readZone ended. */
let stoppedAt = 0;

/** Two decimal digits as a number, NaN where they are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `YYYY-MM-DD` as days since 2000-01-01, NaN where it is no such day. */
function readDate(bytes: Uint8Array, at: number): number {
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return Number.NaN;
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > daysInMonth[month - 1]! + (leap && month === 2 ? 1 : 0)) return Number.NaN;
  const before = year - 1;
  const leapDaysBefore = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const dayOfYear = daysBeforeMonth[month - 1]! + day - 1 + (leap && month > 2 ? 1 : 0);
  return before * 365 + leapDaysBefore + dayOfYear - daysTo2000;
}

/** Days from 0001-01-01 to 2000-01-01. */
const daysTo2000 = 730_119;

/** `HH:MM[:SS[.ffffff]]` as microseconds since midnight, NaN where it is none; sets stoppedAt. */
function readTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 5 || bytes[start + 2] !== 0x3a) return Number.NaN;
  const hours = twoDigits(bytes, start);
  const minutes = twoDigits(bytes, start + 3);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  stoppedAt = start + 5;
  let microseconds = 0;
  if (bytes[stoppedAt] === 0x3a && stoppedAt < end) {
    if (end - stoppedAt < 3) return Number.NaN;
    const seconds = twoDigits(bytes, stoppedAt + 1);
    if (!(seconds <= 59)) return Number.NaN;
    stoppedAt += 3;
    microseconds = seconds * 1_000_000 + readFraction(bytes, end);
  }
  return (hours * 60 + minutes) * 60_000_000 + microseconds;
}

/** `.f` to `.ffffff` at stoppedAt as microseconds, 0 where there is none, NaN where PostgreSQL would round. */
function readFraction(bytes: Uint8Array, end: number): number {
  if (stoppedAt >= end || bytes[stoppedAt] !== 0x2e) return 0;
  let value = 0;
  let unit = 1_000_000;
  let digit = bytes[++stoppedAt]! - 0x30;
  while (stoppedAt < end && digit >= 0 && digit <= 9) {
    if (unit === 1) return Number.NaN;
    value = value * 10 + digit;
    unit /= 10;
    digit = bytes[++stoppedAt]! - 0x30;
  }
  return unit === 1_000_000 ? Number.NaN : value * unit;
}

/** `Z`, `±HH`, `±HHMM` or `±HH:MM` up to the end as microseconds east of UTC, NaN for anything else. */
function readZone(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start];
  if (sign === 0x5a && start + 1 === end) return 0;
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN;
  const length = end - start;
  const colon = length === 6 && bytes[start + 3] === 0x3a;
  if (length !== 3 && length !== 5 && !colon) return Number.NaN;
  const hours = twoDigits(bytes, start + 1);
  const minutes = length === 3 ? 0 : twoDigits(bytes, start + (colon ? 4 : 3));
  if (!(hours <= 15 && minutes <= 59)) return Number.NaN;
  const east = (hours * 60 + minutes) * 60_000_000;
  return sign === 0x2d ? -east : east;
}
