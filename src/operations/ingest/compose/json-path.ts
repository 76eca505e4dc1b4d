import type { BytesColumn } from '../../../batch.ts';
import { isValid } from '../../../batch.ts';
import { ObjectScanner } from '../../../formats/read/json/object-scanner.ts';
import { Scratch } from '../../../formats/read/json/scratch.ts';
import {
  BrokenJson,
  CLOSE_LIST,
  COMMA,
  escaped,
  LETTER_N,
  missing,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  scanString,
  scanValue,
  skipSpace,
} from '../../../formats/read/json/syntax.ts';
import { utf8Reader } from '../../../values/bytes-reader.ts';
import type { JsonPath } from './composition.ts';
import type { Refuse } from './maker.ts';

/** Takes one value out of every row's JSON. Its column is valid until it is asked for the next. */
export type PathTaker = (column: BytesColumn, rows: number, refuse: Refuse) => BytesColumn;

/**
 * Follows a path as PostgreSQL's `#>>` does: what is not there, null, and a step into something else than an object
 * or a list are NULL; of a key that is there twice the last counts.
 * @param asJson whether strings keep their quotes: the value is for a column of JSON
 */
export function pathTaker({ steps }: JsonPath, asJson: boolean): PathTaker {
  const walker = new PathWalker(steps);
  const out = utf8Reader();
  const scratch = new Scratch();
  const take = (bytes: Uint8Array, start: number, end: number) => {
    if (!walker.find(bytes, start, end) || bytes[walker.start] === LETTER_N) out.readNull();
    else if (bytes[walker.start] !== QUOTE || asJson) out.read(bytes, walker.start, walker.end);
    else {
      scratch.clear();
      scratch.addUnescaped(bytes, walker.start + 1, walker.end - 1);
      out.read(scratch.bytes, 0, scratch.length);
    }
  };
  return (column, rows, refuse) => {
    out.take();
    for (let row = 0; row < rows; row++) {
      if (!isValid(column.validity, row)) {
        out.readNull();
        continue;
      }
      try {
        take(column.bytes, column.offsets[row]!, column.offsets[row + 1]!);
      } catch (error) {
        if (!(error instanceof BrokenJson)) throw error;
        const sqlstate = error.sqlstate === '22P04' ? '22P02' : error.sqlstate;
        refuse(row, { sqlstate, message: `not JSON: ${error.message}` });
        out.readNull();
      }
    }
    return out.take() as BytesColumn;
  };
}

/** Finds the value at the end of a path; the whole document is looked through, and must be well-formed. */
class PathWalker {
  /** Of the value found last. */
  start = 0;
  end = 0;
  private readonly steps: readonly { key: Uint8Array; index: number }[];
  private readonly scanner = new ObjectScanner();
  private readonly scratch = new Scratch();

  constructor(steps: readonly string[]) {
    this.steps = steps.map((step) => ({
      key: Buffer.from(step),
      index: /^\d{1,9}$/.test(step) ? Number(step) : -1,
    }));
  }

  find(bytes: Uint8Array, start: number, end: number): boolean {
    let from = skipSpace(bytes, start, end);
    let to = scanValue(bytes, from, end);
    if (skipSpace(bytes, to, end) < end) throw missing('the end', bytes, skipSpace(bytes, to, end), end);
    for (const { key, index } of this.steps) {
      let found = false;
      if (bytes[from] === OPEN_OBJECT) found = this.findMember(bytes, from, to, key);
      else if (bytes[from] === OPEN_LIST && index >= 0) found = this.findElement(bytes, from, to, index);
      if (!found) return false;
      from = this.start;
      to = this.end;
    }
    this.start = from;
    this.end = to;
    return true;
  }

  private findMember(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
    const { scanner } = this;
    let found = false;
    scanner.begin(bytes, start, end);
    while (scanner.next()) {
      const at = scanner.position;
      scanner.position = scanValue(bytes, at, end);
      if (!this.keyIs(key)) continue;
      found = true;
      this.start = at;
      this.end = scanner.position;
    }
    return found;
  }

  private keyIs(key: Uint8Array): boolean {
    const { scanner, scratch } = this;
    if (!scanner.keyEscaped) return scanner.keyIs(key);
    scratch.clear();
    scanner.writeKey(scratch);
    return Buffer.compare(scratch.bytes.subarray(0, scratch.length), key) === 0;
  }

  private findElement(bytes: Uint8Array, start: number, end: number, index: number): boolean {
    let at = skipSpace(bytes, start + 1, end);
    if (bytes[at] === CLOSE_LIST) return false;
    for (let i = 0; ; i++) {
      const stop = scanValue(bytes, at, end);
      if (i === index) {
        this.start = at;
        this.end = stop;
        return true;
      }
      at = skipSpace(bytes, stop, end);
      if (bytes[at] !== COMMA) return false;
      at = skipSpace(bytes, at + 1, end);
    }
  }
}

/** The same for one text, as samples are: its value, null where there is none. */
export function textAtPath(text: string, steps: readonly string[]): { text: string; string: boolean } | null {
  const bytes = Buffer.from(text);
  const walker = new PathWalker(steps);
  try {
    if (!walker.find(bytes, 0, bytes.length) || bytes[walker.start] === LETTER_N) return null;
  } catch (error) {
    if (error instanceof BrokenJson) return null;
    throw error;
  }
  const value = bytes.toString('utf8', walker.start, walker.end);
  if (bytes[walker.start] !== QUOTE) return { text: value, string: false };
  scanString(bytes, walker.start, walker.end);
  return { text: escaped ? (JSON.parse(value) as string) : value.slice(1, -1), string: true };
}
