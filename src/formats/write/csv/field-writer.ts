import type { Column } from '../../../batch.ts';
import { copyBytes } from '../../../copy-bytes.ts';
import { type Printer, printedBytes, printerOf } from '../../../values/printers.ts';
import type { TextOutput } from '../text-output.ts';

export interface CsvDialect {
  /** The byte between two fields. */
  delimiter: number;
  /** What stands for NULL, never in quotes. */
  nullText: Uint8Array;
  /** Records have a single field. */
  single: boolean;
}

/** Writes the value of a row, which is not NULL; one byte more has room behind it. */
export type WriteField = (row: number) => void;

const [QUOTE, LINE_FEED, CARRIAGE_RETURN, BACKSLASH, POINT] = [0x22, 0x0a, 0x0d, 0x5c, 0x2e];

/**
 * Writes fields by the rules of COPY … (FORMAT csv) (src/backend/commands/copyto.c, CopyAttributeOutCSV): quoted is what
 * holds the delimiter, a quote or a line end, what would read as NULL, and `\.` alone on its line.
 */
export class FieldWriter {
  private readonly out: TextOutput;
  private readonly dialect: CsvDialect;
  /** By byte: 1 where a field that holds it is quoted. */
  private readonly special = new Uint8Array(256);
  private readonly delimiterIsPrinted: boolean;

  constructor(out: TextOutput, dialect: CsvDialect) {
    this.out = out;
    this.dialect = dialect;
    for (const byte of [dialect.delimiter, QUOTE, LINE_FEED, CARRIAGE_RETURN]) this.special[byte] = 1;
    this.delimiterIsPrinted = printedBytes.has(dialect.delimiter);
  }

  /** How the values of this column are written. */
  of(column: Column): WriteField {
    if (column.kind !== 'utf8' && column.kind !== 'json') {
      const printer = printerOf(column);
      return (row) => this.print(printer, row);
    }
    const { bytes, offsets } = column;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // Where the next quote is, so that long texts without one are copied at once.
    let nextQuote = -1;
    return (row) => {
      const [start, end] = [offsets[row]!, offsets[row + 1]!];
      if (nextQuote < start) {
        nextQuote = buffer.indexOf(QUOTE, start);
        if (nextQuote < 0) nextQuote = buffer.length;
      }
      this.write(bytes, start, end, nextQuote < end);
    };
  }

  /** Writes source[start, end), which is not NULL. */
  write(source: Uint8Array, start: number, end: number, hasQuotes: boolean): void {
    const { out } = this;
    if (!hasQuotes && !this.isQuoted(source, start, end)) {
      out.room(end - start + 1);
      out.addAll(source, start, end);
      return;
    }
    out.room((end - start) * (hasQuotes ? 2 : 1) + 3);
    out.add(QUOTE);
    if (hasQuotes) this.addDoubled(source, start, end);
    else out.addAll(source, start, end);
    out.add(QUOTE);
  }

  writeNull(): void {
    const { nullText } = this.dialect;
    this.out.room(nullText.length + 1);
    this.out.addAll(nullText, 0, nullText.length);
  }

  /** Prints behind a quote, which is taken back where none was needed. */
  private print(printer: Printer, row: number): void {
    const { out } = this;
    out.room(printer.room(row) + 3);
    const { bytes, at } = out;
    const start = at + 1;
    const end = printer.print(row, bytes, start);
    if (this.isPrintQuoted(bytes, start, end)) {
      bytes[at] = QUOTE;
      bytes[end] = QUOTE;
      out.at = end + 1;
    } else {
      out.at = copyBytes(bytes, start, end, bytes, at);
    }
  }

  private isPrintQuoted(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.delimiterIsPrinted) return this.isQuoted(bytes, start, end);
    return this.isNullText(bytes, start, end);
  }

  private isQuoted(bytes: Uint8Array, start: number, end: number): boolean {
    const { special } = this;
    for (let i = start; i < end; i++) if (special[bytes[i]!] === 1) return true;
    if (this.isNullText(bytes, start, end)) return true;
    const isEnd = end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === POINT;
    return isEnd && this.dialect.single;
  }

  private isNullText(bytes: Uint8Array, start: number, end: number): boolean {
    const { nullText } = this.dialect;
    if (end - start !== nullText.length) return false;
    for (let i = 0; i < nullText.length; i++) if (bytes[start + i] !== nullText[i]) return false;
    return true;
  }

  private addDoubled(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this.out;
    let { at } = this.out;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      if (byte === QUOTE) bytes[at++] = QUOTE;
      bytes[at++] = byte;
    }
    this.out.at = at;
  }
}
