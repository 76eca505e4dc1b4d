import type { Scratch } from './scratch.ts';
import {
  BACKSLASH,
  BrokenJson,
  CLOSE_LIST,
  COMMA,
  escaped,
  LETTER_N,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  scanString,
  scanValue,
  skipSpace,
} from './syntax.ts';

const [OPEN_BRACE, CLOSE_BRACE] = [0x7b, 0x7d];
const nullText = Buffer.from('NULL');
/** PostgreSQL's MAXDIM. */
const mostDimensions = 6;

/**
 * Writes the JSON list bytes[start, end), which is known to be well-formed, as PostgreSQL's array literal:
 * `["a", null, 1]` as `{"a",NULL,1}`. Lists within are further dimensions, or documents in an array of json.
 * @param documents the elements are json or jsonb, and stay as they are written
 * @throws BrokenJson for objects in an array of anything else, and for too many dimensions
 */
export function writeArrayLiteral(
  bytes: Uint8Array,
  start: number,
  end: number,
  documents: boolean,
  out: Scratch,
  dimension = 1,
): void {
  if (dimension > mostDimensions) {
    throw new BrokenJson(`an array cannot have more than ${mostDimensions} dimensions`, '54000');
  }
  out.add(OPEN_BRACE);
  for (let at = start; ; ) {
    at = skipSpace(bytes, at + 1, end);
    if (bytes[at] === CLOSE_LIST) break;
    const stop = scanValue(bytes, at, end);
    if (bytes[at] === OPEN_LIST && !documents) writeArrayLiteral(bytes, at, stop, false, out, dimension + 1);
    else writeElement(bytes, at, stop, documents, out);
    at = skipSpace(bytes, stop, end);
    if (bytes[at] === CLOSE_LIST) break;
    out.add(COMMA);
  }
  out.add(CLOSE_BRACE);
}

function writeElement(bytes: Uint8Array, start: number, end: number, documents: boolean, out: Scratch): void {
  const first = bytes[start];
  if (first === LETTER_N) out.addAll(nullText, 0, nullText.length);
  else if (documents) writeQuoted(bytes, start, end, out);
  else if (first === QUOTE) {
    scanString(bytes, start, end);
    if (escaped) {
      const from = out.length;
      out.addUnescaped(bytes, start + 1, end - 1);
      const unescaped = out.bytes.slice(from, out.length);
      out.length = from;
      writeQuoted(unescaped, 0, unescaped.length, out);
    } else writeQuoted(bytes, start + 1, end - 1, out);
  } else if (first === OPEN_OBJECT)
    throw new BrokenJson('an object stands in a list that is to be an array', '22P02');
  else out.addAll(bytes, start, end);
}

function writeQuoted(bytes: Uint8Array, start: number, end: number, out: Scratch): void {
  out.add(QUOTE);
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE || byte === BACKSLASH) out.add(BACKSLASH);
    out.add(byte);
  }
  out.add(QUOTE);
}
