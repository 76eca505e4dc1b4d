import { type Compression, Decompressor } from '../columnar/compression.ts';
import { Damaged } from '../columnar/values.ts';
import { levelsLength } from './leaf-reader.ts';
import { levelWidth, readHybrid } from './levels.ts';
import type { LeafNode } from './nodes.ts';
import { type PageHeader, readPageHeader } from './page-header.ts';
import { Truncated } from './thrift.ts';

/** Fills `target` with the file's bytes from `offset` on. @throws DataError where it ends before them */
export type ReadInto = (target: Uint8Array, offset: number) => Promise<void>;

/** A data page of a column chunk. */
export interface ScannedPage {
  offset: number;
  /** Where the next page begins. */
  end: number;
  uncompressedLength: number;
  /** Number in the row group of the first row that begins in it, and how many do. */
  firstRow: number;
  rows: number;
  /** It begins with a row; else with what is left of the one before. */
  whole: boolean;
}

/** Bytes read at once to look for a header. */
const windowLength = 64 * 1024;

/** Finds where the pages of one column chunk lie and which rows they hold, reading no more than that takes. */
export class ChunkScanner {
  /** The dictionary's part of the file, once a page was found. */
  dictionary: { offset: number; end: number } | undefined;
  /** The pages found and not dropped. */
  pages: ScannedPage[] = [];
  private readonly leaf: LeafNode;
  private readonly compression: Compression;
  private readonly readInto: ReadInto;
  private readonly decompressor = new Decompressor();
  private readonly end: number;
  private position: number;
  private rows = 0;
  private window = { offset: 0, bytes: new Uint8Array(0) as Uint8Array };

  /** @param chunk where the pages lie in the file */
  constructor(
    leaf: LeafNode,
    chunk: { offset: number; length: number; compression: Compression },
    readInto: ReadInto,
  ) {
    this.leaf = leaf;
    this.compression = chunk.compression;
    this.readInto = readInto;
    this.position = chunk.offset;
    this.end = chunk.offset + chunk.length;
  }

  /** Finds the next data page; false where there is none. */
  async next(): Promise<boolean> {
    while (this.position < this.end) {
      const offset = this.position;
      const header = await this.readHeader();
      const start = offset + header.headerLength;
      this.position = start + header.length;
      if (this.position > this.end) throw new Damaged('a page is cut short');
      if (header.kind === 'dictionary') this.dictionary = { offset, end: this.position };
      if (header.kind !== 'data' && header.kind !== 'data-v2') continue;
      const { rows, whole } = await this.rowsOf(header, start);
      const { uncompressedLength } = header;
      this.pages.push({ offset, end: this.position, uncompressedLength, firstRow: this.rows, rows, whole });
      this.rows += rows;
      return true;
    }
    return false;
  }

  /** Uncompressed bytes of the first data page, as long as none has been found. */
  async firstLength(): Promise<number> {
    const { position } = this;
    try {
      for (;;) {
        const header = await this.readHeader();
        if (header.kind === 'data' || this.position >= this.end) return header.uncompressedLength;
        if (header.kind === 'data-v2') return 0; // which begins and ends with a row
        this.position += header.headerLength + header.length;
      }
    } finally {
      this.position = position;
    }
  }

  /** Finds all pages with something of the rows before `row`, and the next one; drops those before the page of `from`. */
  async seek(from: number, row: number): Promise<void> {
    for (;;) {
      const first = this.pages.findIndex((page) => page.firstRow + page.rows > from);
      this.pages.splice(0, first < 0 ? this.pages.length : first);
      const last = this.pages.at(-1);
      if (last !== undefined && !holdsBefore(last, row)) return;
      if (!(await this.next())) return;
    }
  }

  private async readHeader(): Promise<PageHeader> {
    for (let length = windowLength; ; length *= 4) {
      const bytes = await this.look(
        this.position,
        Math.min(length, this.end - this.position),
        length > windowLength,
      );
      try {
        return readPageHeader(bytes, 0);
      } catch (error) {
        if (!(error instanceof Truncated) || this.position + bytes.length >= this.end) throw error;
      }
    }
  }

  /** Bytes from `offset` on; `all` of them, or what has been read of them already. */
  private async look(offset: number, length: number, all: boolean): Promise<Uint8Array> {
    const { window } = this;
    const within = offset - window.offset;
    const known = within >= 0 && within < window.bytes.length ? window.bytes.subarray(within) : undefined;
    if (known !== undefined && (known.length >= length || !all)) return known.subarray(0, length);
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, offset);
    this.window = { offset, bytes };
    return bytes;
  }

  private async rowsOf(header: PageHeader, start: number): Promise<{ rows: number; whole: boolean }> {
    if (this.leaf.maxRepetition === 0) return { rows: header.values, whole: true };
    if (header.kind === 'data-v2') return { rows: header.rows, whole: true };
    const repetition = this.repetitionLevels(header, await this.look(start, header.length, true));
    let rows = 0;
    for (let i = 0; i < repetition.length; i++) if (repetition[i] === 0) rows++;
    return { rows, whole: repetition[0] === 0 };
  }

  private repetitionLevels({ values, uncompressedLength }: PageHeader, page: Uint8Array): Uint8Array {
    const begin = (wanted: number) =>
      this.decompressor.readBeginning(this.compression, page, uncompressedLength, wanted);
    const end = 4 + levelsLength(begin(4), 0);
    if (end > uncompressedLength) throw new Damaged('the levels of a page are cut short');
    const levels = new Uint8Array(values);
    readHybrid(begin(end), 4, end, levelWidth(this.leaf.maxRepetition), levels, 0, values);
    return levels;
  }
}

/** Whether a page holds something of the rows before `row`: its end may be what is left of one of them. */
export function holdsBefore({ firstRow, whole }: ScannedPage, row: number): boolean {
  return firstRow < row || (firstRow === row && !whole);
}
