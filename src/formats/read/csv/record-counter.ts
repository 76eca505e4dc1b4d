import type { Dialect } from './dialect.ts';

/** The state of a walk through records: where the last whole one ended, and how many there were. */
export interface Walk {
  /** Inside quotes at the end of what was walked. */
  quoted: boolean;
  /** The next byte is a plain character, because an escape came before it. */
  escaped: boolean;
  /** Behind the last record's end. */
  recordEnd: number;
  records: number;
}

/** Bytes that are looked at one by one to learn how dense quotes and line ends lie. */
const probeLength = 4096;
/** Up to one special byte in so many, the search jumps from one to the next. */
const sparse = 64;

/**
 * Walks input[from, to) on: counts the record ends outside quotes and remembers the last. A doubled quote closes
 * and opens again, which comes to the same.
 */
export function walkRecords(input: Buffer, from: number, to: number, dialect: Dialect, walk: Walk): void {
  if (dialect.escape !== dialect.quote) {
    walkEscapes(input, from, to, dialect, walk);
    return;
  }
  const probeEnd = Math.min(from + probeLength, to);
  const specials = walkBytes(input, from, probeEnd, dialect, walk);
  if (specials * sparse > probeEnd - from) walkBytes(input, probeEnd, to, dialect, walk);
  else walkJumps(input, probeEnd, to, dialect, walk);
}

/** Byte by byte: about a gigabyte a second, however dense the quotes. Returns how many special bytes there were. */
function walkBytes(input: Buffer, from: number, to: number, { quote, newline }: Dialect, walk: Walk): number {
  let { quoted, recordEnd } = walk;
  let records = 0;
  let quotes = 0;
  for (let at = from; at < to; at++) {
    const byte = input[at];
    if (byte === quote) {
      quoted = !quoted;
      quotes++;
    } else if (byte === newline && !quoted) {
      records++;
      recordEnd = at + 1;
    }
  }
  walk.quoted = quoted;
  walk.recordEnd = recordEnd;
  walk.records += records;
  return quotes + records;
}

/** From quote to quote and line end to line end, by memchr: the faster the longer the fields are. */
function walkJumps(input: Buffer, from: number, to: number, { quote, newline }: Dialect, walk: Walk): void {
  const find = (byte: number, at: number): number => {
    const found = input.indexOf(byte, at);
    return found < 0 || found >= to ? to : found;
  };
  let at = from;
  let nextEnd = -1;
  while (at < to) {
    const nextQuote = find(quote, at);
    if (!walk.quoted) {
      if (nextEnd < at) nextEnd = find(newline, at);
      while (nextEnd < nextQuote) {
        walk.records++;
        walk.recordEnd = nextEnd + 1;
        nextEnd = find(newline, nextEnd + 1);
      }
    }
    if (nextQuote === to) return;
    walk.quoted = !walk.quoted;
    at = nextQuote + 1;
  }
}

/** The general case, an escape of its own: `\"` inside quotes does not close them. */
function walkEscapes(input: Buffer, from: number, to: number, dialect: Dialect, walk: Walk): void {
  for (let at = from; at < to; at++) {
    const byte = input[at];
    if (walk.escaped) walk.escaped = false;
    else if (walk.quoted && byte === dialect.escape) {
      // Only before a quote or another escape has it a meaning; a plain character in its place changes nothing.
      walk.escaped = true;
    } else if (byte === dialect.quote) walk.quoted = !walk.quoted;
    else if (byte === dialect.newline && !walk.quoted) {
      walk.records++;
      walk.recordEnd = at + 1;
    }
  }
}
