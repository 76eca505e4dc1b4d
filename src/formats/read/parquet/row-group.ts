import type { Compression } from '../columnar/compression.ts';
import { Damaged } from '../columnar/values.ts';
import { ChunkScanner, holdsBefore, type ReadInto } from './chunk-scanner.ts';
import type { LeafNode } from './nodes.ts';

/** A column chunk that pieces hold. */
export interface WantedChunk {
  leaf: LeafNode;
  compression: Compression;
  offset: number;
  length: number;
  uncompressedLength: number;
}

/** The parts of the file that one leaf's values of some rows lie in. */
export interface LeafParts {
  chunk: WantedChunk;
  parts: readonly { offset: number; end: number }[];
  /** Rows that begin in the pages before the first that is meant. */
  skip: number;
}

/**
 * Finds which pages hold which rows of a row group, and where to cut it: with the pages of the largest chunk, once
 * they come to pieceLength bytes of all chunks, uncompressed. A small row group is not looked into.
 */
export class RowGroupCutter {
  private readonly rows: number;
  private readonly chunks: readonly WantedChunk[];
  private readonly scanners: readonly ChunkScanner[];
  private readonly lead: number;
  /** Uncompressed bytes of the largest chunk that make a piece. */
  private readonly leadLength: number;
  /** Not looked into: one piece. */
  private readonly small: boolean;

  constructor(rows: number, chunks: readonly WantedChunk[], readInto: ReadInto, pieceLength: number) {
    this.rows = rows;
    this.chunks = chunks;
    this.scanners = chunks.map((chunk) => new ChunkScanner(chunk.leaf, chunk, readInto));
    const lengths = chunks.map(({ uncompressedLength }) => uncompressedLength);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    this.lead = lengths.indexOf(Math.max(...lengths));
    this.leadLength = pieceLength * ((lengths[this.lead] ?? 0) / Math.max(1, total));
    this.small = total <= 1.25 * pieceLength;
  }

  /** Where the piece that begins with row `from` ends. */
  async cut(from: number): Promise<number> {
    if (this.small || this.chunks.length === 0) return this.rows;
    const scanner = this.scanners[this.lead]!;
    if (from === 0 && (await this.onePage(scanner))) return this.rows;
    await scanner.seek(from, from + 1);
    let length = 0;
    for (let i = 0; ; i++) {
      if (i + 1 >= scanner.pages.length && !(await scanner.next())) return this.rows;
      const [page, next] = [scanner.pages[i]!, scanner.pages[i + 1]!];
      length += page.uncompressedLength;
      // A row that goes on in the next page begins the next piece, which has to read this page once more.
      const end = next.whole ? next.firstRow : next.firstRow - 1;
      const cheap = next.whole || page.uncompressedLength * 4 <= length;
      if (length >= this.leadLength && cheap && end > from) return Math.min(end, this.rows);
    }
  }

  /** Pages so large that none can be read twice: there is nowhere to cut, and nothing to look for. */
  private async onePage(scanner: ChunkScanner): Promise<boolean> {
    const { maxRepetition } = this.chunks[this.lead]!.leaf;
    const length = await scanner.firstLength();
    return maxRepetition > 0 && length * 4 > this.chunks[this.lead]!.uncompressedLength;
  }

  /** Where rows [from, to) lie. @throws Damaged where the pages do not hold them */
  async parts(from: number, to: number): Promise<LeafParts[]> {
    if (from === 0 && to === this.rows) {
      return this.chunks.map((chunk) => ({
        chunk,
        parts: [{ offset: chunk.offset, end: chunk.offset + chunk.length }],
        skip: 0,
      }));
    }
    return Promise.all(this.chunks.map((chunk, i) => this.partsOf(chunk, this.scanners[i]!, from, to)));
  }

  private async partsOf(
    chunk: WantedChunk,
    scanner: ChunkScanner,
    from: number,
    to: number,
  ): Promise<LeafParts> {
    await scanner.seek(from, to);
    const pages = scanner.pages.filter((page) => holdsBefore(page, to));
    const [first, last] = [pages[0], pages.at(-1)];
    if (
      first === undefined ||
      last === undefined ||
      first.firstRow > from ||
      last.firstRow + last.rows < to
    ) {
      throw new Damaged(`the pages of a column hold fewer rows than their group, which has ${this.rows}`);
    }
    const run = { offset: first.offset, end: last.end };
    const { dictionary } = scanner;
    return {
      chunk,
      parts: dictionary === undefined ? [run] : [dictionary, run],
      skip: from - first.firstRow,
    };
  }
}
