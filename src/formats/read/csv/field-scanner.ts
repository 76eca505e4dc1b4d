import { grown } from '../../../growing.ts';
import { CARRIAGE_RETURN, type Dialect, LINE_FEED } from './dialect.ts';

/** What ended a field. */
export type FieldEnd = typeof DELIMITER | typeof RECORD_END | typeof UNCLOSED | typeof STRAY_LINE_END;
export const DELIMITER = 0;
export const RECORD_END = 1;
/** The input ended inside quotes. */
export const UNCLOSED = 2;
/** Outside quotes, a carriage return or line feed that is not what ends this file's lines. */
export const STRAY_LINE_END = 3;

/**
 * Finds one field after the other, by the rules of PostgreSQL's COPY … CSV (src/backend/commands/copyfromparse.c,
 * CopyReadAttributesCSV): a quote opens and closes anywhere in a field, only inside quotes has the escape a
 * meaning, and a field in which a quote was seen is never NULL.
 */
export class FieldScanner {
  /** The field's value: bytes[start, end) of `value`, which is the input itself or the scanner's scratch. */
  value: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** A quote was seen. */
  quoted = false;
  /** Behind the delimiter or line end. */
  position = 0;

  private readonly dialect: Dialect;
  private readonly special = new Uint8Array(256);
  private scratch = new Uint8Array(1024);

  constructor(dialect: Dialect) {
    this.dialect = dialect;
    for (const byte of [dialect.delimiter, dialect.quote, LINE_FEED, CARRIAGE_RETURN]) this.special[byte] = 1;
  }

  /** Scans the field that begins at `position` of input[0, end). */
  scan(input: Buffer, position: number, end: number): FieldEnd {
    const { quote, escape: escapeByte } = this.dialect;
    this.value = input;
    const { special } = this;
    if (position < end && input[position] === quote) {
      const close = escapeByte === quote ? findQuote(input, quote, position + 1, end) : end;
      const behind = close + 1;
      if (behind === end || (behind < end && input[behind] !== quote && special[input[behind]!] === 1)) {
        this.start = position + 1;
        this.end = close;
        this.quoted = true;
        return this.terminate(input, behind, end);
      }
      return this.scanPieces(input, position, end);
    }
    let at = position;
    while (at < end && special[input[at]!] === 0) at++;
    if (at < end && input[at] === quote) return this.scanPieces(input, position, end);
    this.start = position;
    this.end = at;
    this.quoted = false;
    return this.terminate(input, at, end);
  }

  /**
   * Where the record of input[0, end) that begins at `start` ends, whatever is wrong with it: behind the next line end
   * of the file's kind outside quotes, as pieces are cut.
   */
  skipRecord(input: Buffer, start: number, end: number): number {
    for (let at = start; ; at = this.position) {
      const found = this.scan(input, at, end);
      if (found === RECORD_END) return this.position;
      if (found === UNCLOSED) return end;
    }
  }

  /** Whether the field last scanned is NULL. */
  isNull(): boolean {
    const { nullText } = this.dialect;
    const length = this.end - this.start;
    if (this.quoted || length !== nullText.length) return false;
    for (let i = 0; i < length; i++) if (this.value[this.start + i] !== nullText[i]) return false;
    return true;
  }

  private terminate(input: Buffer, at: number, end: number): FieldEnd {
    if (at >= end) {
      this.position = end;
      return RECORD_END;
    }
    const byte = input[at]!;
    this.position = at + 1;
    if (byte === this.dialect.delimiter) return DELIMITER;
    if (byte === this.dialect.newline) return RECORD_END;
    // A carriage return: with the line feed behind it, or at the very end, it ends the line.
    if (byte === LINE_FEED || (at + 1 < end && input[at + 1] !== LINE_FEED)) return STRAY_LINE_END;
    this.position = Math.min(at + 2, end);
    return RECORD_END;
  }

  /** A field with escapes, or with quotes elsewhere than round it: put together in the scratch. */
  private scanPieces(input: Buffer, position: number, end: number): FieldEnd {
    const { quote, escape: escapeByte } = this.dialect;
    let inQuotes = false;
    let length = 0;
    let at = position;
    for (; at < end; at++) {
      const byte = input[at]!;
      const next = at + 1 < end ? input[at + 1] : -1;
      if (inQuotes && byte === escapeByte && (next === escapeByte || next === quote)) {
        this.append(length++, next!);
        at++;
      } else if (byte === quote) inQuotes = !inQuotes;
      else if (!inQuotes && this.special[byte] === 1) break;
      else this.append(length++, byte);
    }
    this.value = this.scratch;
    this.start = 0;
    this.end = length;
    this.quoted = true;
    if (inQuotes) return UNCLOSED;
    return this.terminate(input, at, end);
  }

  private append(at: number, byte: number): void {
    if (at === this.scratch.length) this.scratch = grown(this.scratch, at + 1);
    this.scratch[at] = byte;
  }
}

/** Short fields are looked through here; for long ones, memchr behind indexOf pays for the call. */
function findQuote(input: Buffer, quote: number, from: number, end: number): number {
  const near = Math.min(from + 48, end);
  for (let at = from; at < near; at++) if (input[at] === quote) return at;
  const close = near < end ? input.indexOf(quote, near) : -1;
  return close < 0 || close > end ? end : close;
}
