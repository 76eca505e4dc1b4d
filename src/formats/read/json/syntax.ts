import { grown } from '../../../growing.ts';

/**
 * JSON's grammar (RFC 8259) over bytes: where a value ends. No value is built, nothing is allocated for
 * well-formed text. [at, end) is looked at; every function returns where it stopped.
 */

/** Text that is no JSON (22P04, a bad file), or a value that PostgreSQL cannot hold; the message reads on from the row. */
export class BrokenJson extends Error {
  readonly sqlstate: string;
  readonly hint: string | undefined;

  constructor(message: string, sqlstate = '22P04', hint?: string) {
    super(message);
    this.sqlstate = sqlstate;
    this.hint = hint;
  }
}

export const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
export const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
export const [LETTER_F, LETTER_N, LETTER_T] = [0x66, 0x6e, 0x74];
const [MINUS, PLUS, DOT, ZERO, NINE, LETTER_E, LETTER_U] = [0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x65, 0x75];

/** Behind the white space at `at`: space, tab, line feed, carriage return. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && isJsonSpace(bytes[position]!)) position++;
  return position;
}

/** JSON knows no other white space; C does. */
function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The string that was scanned last holds escapes. */
export let escaped = false;

/** The closing quote of the string whose opening quote is at `at`; sets `escaped`. */
export function scanString(bytes: Uint8Array, at: number, end: number): number {
  escaped = false;
  for (let position = at + 1; position < end; position++) {
    const byte = bytes[position]!;
    if (byte === QUOTE) return position;
    if (byte === BACKSLASH) {
      escaped = true;
      position = scanEscape(bytes, position, end);
    } else if (byte < 0x20) throw new BrokenJson('a control character stands in a string, unescaped');
  }
  throw new BrokenJson('a string is never closed');
}

/** `"\/bfnrt`, and u before four hexadecimal digits: by the byte behind the backslash. */
const simpleEscapes = new Set(Buffer.from('"\\/bfnrt'));

/** The last byte of the escape whose backslash is at `at`. */
function scanEscape(bytes: Uint8Array, at: number, end: number): number {
  const letter = bytes[at + 1]!;
  if (at + 1 < end && simpleEscapes.has(letter)) return at + 1;
  if (at + 5 < end && letter === LETTER_U) {
    const digits = Buffer.from(bytes.buffer, bytes.byteOffset + at + 2, 4).toString('latin1');
    if (/^[0-9a-f]{4}$/i.test(digits)) return at + 5;
  }
  throw new BrokenJson('a backslash in a string begins no escape of JSON');
}

/** Behind the value at `at`, of whatever kind and however deep. */
export function scanValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  return at < end && (first === OPEN_LIST || first === OPEN_OBJECT)
    ? scanContainer(bytes, at, end)
    : scanScalar(bytes, at, end);
}

/** Behind the string, number, true, false or null at `at`. */
export function scanScalar(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) throw new BrokenJson('a value is missing at the end');
  if (bytes[at] === QUOTE) return scanString(bytes, at, end) + 1;
  const stop = scanNumber(bytes, at, end);
  return stop > at && isBoundary(bytes, stop, end) ? stop : scanWord(bytes, at, end);
}

/** Behind the number at `at`; `at` itself where there is none. */
function scanNumber(bytes: Uint8Array, at: number, end: number): number {
  const whole = bytes[at] === MINUS ? at + 1 : at;
  let stop = scanDigits(bytes, whole, end);
  if (stop === whole || (bytes[whole] === ZERO && stop > whole + 1)) return at;
  if (stop < end && bytes[stop] === DOT) {
    const fraction = stop + 1;
    stop = scanDigits(bytes, fraction, end);
    if (stop === fraction) return at;
  }
  if (stop < end && (bytes[stop]! | 0x20) === LETTER_E) {
    const exponent = bytes[stop + 1] === MINUS || bytes[stop + 1] === PLUS ? stop + 2 : stop + 1;
    stop = scanDigits(bytes, exponent, end);
    if (stop === exponent) return at;
  }
  return stop;
}

function scanDigits(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && bytes[position]! >= ZERO && bytes[position]! <= NINE) position++;
  return position;
}

/** What may stand behind a number or a word. */
function isBoundary(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return true;
  const byte = bytes[at]!;
  return byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || isJsonSpace(byte);
}

const words = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')];

function scanWord(bytes: Uint8Array, at: number, end: number): number {
  for (const word of words) {
    const stop = at + word.length;
    if (bytes[at] !== word[0] || stop > end || !isBoundary(bytes, stop, end)) continue;
    let same = 1;
    while (same < word.length && bytes[at + same] === word[same]) same++;
    if (same === word.length) return stop;
  }
  let stop = at;
  while (stop < end && stop < at + 40 && !isBoundary(bytes, stop, end)) stop++;
  if (stop === at) throw new BrokenJson(`a value is missing before ${text(bytes, at, at + 1)}`);
  throw new BrokenJson(`${text(bytes, at, stop)} is no value in JSON`);
}

/** Whether the container at each depth is a list (1) or an object (0). */
let lists = new Uint8Array(64);

/** Behind the list or object at `at`. */
function scanContainer(bytes: Uint8Array, at: number, end: number): number {
  let depth = -1;
  let position = at;
  for (;;) {
    // Here a value begins.
    const byte = bytes[position];
    if (position < end && (byte === OPEN_LIST || byte === OPEN_OBJECT)) {
      const list = byte === OPEN_LIST;
      if (++depth === lists.length) lists = grown(lists, depth + 1);
      lists[depth] = list ? 1 : 0;
      position = skipSpace(bytes, position + 1, end);
      if (position >= end || bytes[position] !== (list ? CLOSE_LIST : CLOSE_OBJECT)) {
        if (!list) position = scanKey(bytes, position, end);
        continue;
      }
    } else position = scanScalar(bytes, position, end);
    // Here one has ended, or an empty container is about to be closed.
    for (;;) {
      position = skipSpace(bytes, position, end);
      const list = lists[depth] === 1;
      if (position < end && bytes[position] === (list ? CLOSE_LIST : CLOSE_OBJECT)) {
        position++;
        if (--depth < 0) return position;
        continue;
      }
      position = skipSpace(bytes, expectByte(bytes, position, end, COMMA, list), end);
      if (!list) position = scanKey(bytes, position, end);
      break;
    }
  }
}

/** The value behind the key at `at`. */
function scanKey(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) throw missing('a key in quotes', bytes, at, end);
  const colon = skipSpace(bytes, scanString(bytes, at, end) + 1, end);
  if (colon >= end || bytes[colon] !== COLON) throw missing('a colon', bytes, colon, end);
  return skipSpace(bytes, colon + 1, end);
}

function expectByte(bytes: Uint8Array, at: number, end: number, byte: number, list: boolean): number {
  if (at < end && bytes[at] === byte) return at + 1;
  throw missing(`a comma or the end of ${list ? 'a list' : 'an object'}`, bytes, at, end);
}

/** What is missing where. */
export function missing(what: string, bytes: Uint8Array, at: number, end: number): BrokenJson {
  return new BrokenJson(
    `${what} is missing ${at < end ? `before ${text(bytes, at, at + 1)}` : 'at the end'}`,
  );
}

function text(bytes: Uint8Array, at: number, end: number): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('utf8');
  return /^[\w.+-]+$/.test(shown) ? shown : JSON.stringify(shown);
}
