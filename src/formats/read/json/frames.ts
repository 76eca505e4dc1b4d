import type { Cut } from '../piece-cutter.ts';
import {
  BrokenJson,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './syntax.ts';

/** How objects stand in a file, and so where it can be cut. Plain data names it; every thread makes its own. */
export interface Frame {
  /**
   * Looks for the object of the record that begins at `position`: where it begins, or −1 where the record holds
   * none. `limit` is then where the object ends at the latest, or the next record begins.
   * @param first no record of the file comes before
   * @throws BrokenJson where there is something else than an object
   */
  begin: (bytes: Buffer, position: number, first: boolean) => number;
  limit: number;
  /** Where the next record begins, the object having ended at `position`. */
  finish: (bytes: Buffer, position: number) => number;
  /**
   * The bytes of the record that begins at `position`, whatever is wrong with what it holds; the next one begins
   * behind them. Undefined where nothing tells where it ends.
   */
  extent: (bytes: Buffer, position: number, first: boolean) => Extent | undefined;
  /** A record is a line; else its object may be written over several. */
  oneLine: boolean;
}

/** Bytes [start, end). */
export interface Extent {
  start: number;
  end: number;
}

const LINE_FEED = 0x0a;

/** An object a line; empty lines hold none, and count as the rows that they might have been. */
export function lineFrame(): Frame {
  return {
    limit: 0,
    oneLine: true,
    begin(bytes, position) {
      const newline = bytes.indexOf(LINE_FEED, position);
      const end = newline < 0 ? bytes.length : newline;
      const start = skipSpace(bytes, position, end);
      this.limit = start < end ? end : Math.min(end + 1, bytes.length);
      return start < end ? objectAt(bytes, start, 'line') : -1;
    },
    finish(bytes, position) {
      if (skipSpace(bytes, position, this.limit) < this.limit) {
        throw new BrokenJson('the line goes on behind its object');
      }
      return Math.min(this.limit + 1, bytes.length);
    },
    extent(bytes, position) {
      const newline = bytes.indexOf(LINE_FEED, position);
      return { start: position, end: newline < 0 ? bytes.length : newline + 1 };
    },
  };
}

/**
 * The objects of one array, behind its opening bracket. A piece begins with the comma before its first object
 * (the first piece, without), and the last one ends with the closing bracket.
 */
export function arrayFrame(): Frame {
  return {
    limit: 0,
    oneLine: false,
    begin(bytes, position, first) {
      this.limit = bytes.length;
      let start = skipSpace(bytes, position, bytes.length);
      if (start === bytes.length) return -1;
      if (bytes[start] === CLOSE_LIST) {
        if (skipSpace(bytes, start + 1, bytes.length) < bytes.length) {
          throw new BrokenJson('the file goes on behind its array');
        }
        return -1;
      }
      if (!first) {
        if (bytes[start] !== COMMA) throw new BrokenJson('a comma is missing before it');
        start = skipSpace(bytes, start + 1, bytes.length);
      }
      if (start === bytes.length) throw new BrokenJson('the file ends behind a comma');
      return objectAt(bytes, start, 'array');
    },
    finish: (_bytes, position) => position,
    extent(bytes, position, first) {
      let start = skipSpace(bytes, position, bytes.length);
      if (!first) {
        if (bytes[start] !== COMMA) return undefined;
        start = skipSpace(bytes, start + 1, bytes.length);
      }
      const end = elementEnd(bytes, start, bytes.length);
      return end < 0 ? undefined : { start, end };
    },
  };
}

/** What an object looks like, for hints. */
export const exampleObject = '{"id": 1, "embedding": [0.1, 0.2]}';

function objectAt(bytes: Buffer, start: number, holder: string): number {
  const first = bytes[start]!;
  if (first === OPEN_OBJECT) return start;
  const found = first === OPEN_LIST ? 'a list, not an object' : 'something else than an object';
  throw new BrokenJson(
    `the ${holder} holds ${found}`,
    '22P04',
    `each row is an object ${exampleObject}; one a line is --format jsonl, one array of them --format json`,
  );
}

/** Cuts behind the last line end. */
export function cutLines(bytes: Buffer, length: number, atEnd: boolean): Cut {
  let [end, records] = [0, 0];
  for (;;) {
    const found = bytes.indexOf(LINE_FEED, end);
    if (found < 0 || found >= length) break;
    end = found + 1;
    records++;
  }
  return atEnd && end < length ? { end: length, records: records + 1 } : { end, records };
}

/** Cuts an array, behind its opening bracket, after the last of its elements that has ended. */
export class ArrayCutter {
  /** The closing bracket has been seen, with everything that follows. */
  closed = false;

  cut(bytes: Buffer, length: number, atEnd: boolean): Cut {
    let [depth, end, records, at] = [0, 0, 0, 0];
    for (; at < length && depth >= 0; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) at = closingQuote(bytes, at, length);
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) {
        end = at + 1;
        records++;
      }
    }
    if (!atEnd) return { end, records };
    this.closed = depth < 0;
    return { end: length, records };
  }
}

/** Behind the object or list at `at`, by its brackets alone, as ArrayCutter sees it; −1 where there is none that ends. */
function elementEnd(bytes: Buffer, start: number, length: number): number {
  if (bytes[start] !== OPEN_OBJECT && bytes[start] !== OPEN_LIST) return -1;
  let depth = 0;
  for (let at = start; at < length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = closingQuote(bytes, at, length);
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) return at + 1;
  }
  return -1;
}

/** Where the string at `at` ends; `length` where it does not. */
function closingQuote(bytes: Buffer, at: number, length: number): number {
  for (let position = at + 1; position < length; position++) {
    const byte = bytes[position];
    if (byte === QUOTE) return position;
    if (byte === 0x5c) position++;
  }
  return length;
}
