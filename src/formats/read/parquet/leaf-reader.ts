import { grown } from '../../../growing.ts';
import type { Compression, Decompressor } from '../columnar/compression.ts';
import { Damaged } from '../columnar/values.ts';
import { decodeValues, encodings } from './decode-values.ts';
import { LeafBuffer } from './leaf-buffer.ts';
import { levelWidth, readHybrid } from './levels.ts';
import type { LeafNode } from './nodes.ts';
import { type PageHeader, readPageHeader } from './page-header.ts';

/** A leaf's values and levels, out of a run of pages. */
export interface LeafData {
  /** How many levels there are: one a value, a NULL and an empty list. */
  levels: number;
  maxRepetition: number;
  /** Undefined where all are 0. */
  repetition: Uint8Array | undefined;
  definition: Uint8Array | undefined;
  values: LeafBuffer;
}

/** Reads the pages of one leaf; used again for the next piece, which overwrites what was read. */
export class LeafReader {
  private readonly node: LeafNode;
  private readonly decompressor: Decompressor;
  private readonly dictionary: LeafBuffer;
  private readonly values: LeafBuffer;
  private repetition = new Uint8Array(0);
  private definition = new Uint8Array(0);
  private levels = 0;

  constructor(node: LeafNode, decompressor: Decompressor) {
    this.node = node;
    this.decompressor = decompressor;
    this.dictionary = new LeafBuffer(node.storage);
    this.values = new LeafBuffer(node.storage);
  }

  /**
   * @param bytes pages, one behind the other, a dictionary first where they refer to one
   * @param most levels that are asked for: a page that holds more may be read in part
   * @throws Damaged
   */
  read(bytes: Uint8Array, compression: Compression, most = Number.POSITIVE_INFINITY): LeafData {
    this.levels = 0;
    this.values.clear();
    this.dictionary.clear();
    const pages = pagesOf(bytes);
    let levels = 0;
    for (const { header } of pages) if (header.kind !== 'dictionary') levels += header.values;
    this.values.expect(Math.min(levels, most));
    for (const { header, page } of pages) this.readPage(header, page, compression, most);
    const { maxRepetition, present } = this.node;
    return {
      levels: this.levels,
      maxRepetition,
      repetition: maxRepetition > 0 ? this.repetition : undefined,
      definition: present > 0 ? this.definition : undefined,
      values: this.values,
    };
  }

  private readPage(header: PageHeader, page: Uint8Array, compression: Compression, most: number): void {
    const { kind, encoding, uncompressedLength } = header;
    // Where the first values can be read without the others.
    const partly = encoding === encodings.plain && kind === 'data';
    const values = partly ? Math.min(header.values, Math.max(0, most - this.levels)) : header.values;
    if (kind === 'dictionary') {
      this.dictionary.clear();
      const bytes = this.decompressor.read(compression, page, uncompressedLength);
      decodeValues(encodings.plain, bytes, 0, header.values, undefined, this.dictionary);
    } else if (kind !== 'other') {
      const first = this.levels;
      this.levels += values;
      this.repetition = this.room(this.repetition, this.node.maxRepetition);
      this.definition = this.room(this.definition, this.node.present);
      const { bytes, at } =
        kind === 'data-v2'
          ? this.readLevels2(header, page, compression, first)
          : this.readLevels1(header, this.contents(header, page, compression, values), first, values);
      decodeValues(encoding, bytes, at, this.countPresent(first), this.dictionary, this.values);
    }
  }

  private room(levels: Uint8Array<ArrayBuffer>, most: number): Uint8Array<ArrayBuffer> {
    return most > 0 ? grown(levels, this.levels) : levels;
  }

  /** A page, decompressed, or as much of it as its first `values` values take. */
  private contents(
    header: PageHeader,
    page: Uint8Array,
    compression: Compression,
    values: number,
  ): Uint8Array {
    const { uncompressedLength } = header;
    const { width } = this.values;
    if (values === header.values || width === undefined) {
      return this.decompressor.read(compression, page, uncompressedLength);
    }
    let length = 0;
    for (const most of [this.node.maxRepetition, this.node.present]) {
      if (most === 0) continue;
      const begin = this.decompressor.readBeginning(compression, page, uncompressedLength, length + 4);
      length += 4 + levelsLength(begin, length);
    }
    return this.decompressor.readBeginning(compression, page, uncompressedLength, length + values * width);
  }

  /** Levels in front of the values, each with its length as uint32; returns where the values begin. */
  private readLevels1(
    { repetitionEncoding, definitionEncoding }: PageHeader,
    bytes: Uint8Array,
    first: number,
    values: number,
  ): { bytes: Uint8Array; at: number } {
    const { maxRepetition, present } = this.node;
    let at = 0;
    const read = (most: number, encoding: number, out: Uint8Array) => {
      if (most === 0) return;
      if (encoding === encodings.bitPacked)
        throw new Damaged('its levels are packed in a way given up long ago');
      const length = levelsLength(bytes, at);
      if (at + 4 + length > bytes.length) throw new Damaged('the levels of a page are cut short');
      readHybrid(bytes, at + 4, at + 4 + length, levelWidth(most), out, first, values);
      at += 4 + length;
    };
    read(maxRepetition, repetitionEncoding, this.repetition);
    read(present, definitionEncoding, this.definition);
    return { bytes, at };
  }

  /** Levels in front, uncompressed, and the values behind them, compressed. */
  private readLevels2(
    header: PageHeader,
    page: Uint8Array,
    compression: Compression,
    first: number,
  ): { bytes: Uint8Array; at: number } {
    const { values, repetitionLength, definitionLength, uncompressedLength, compressed } = header;
    const { maxRepetition, present } = this.node;
    const levelsLength = repetitionLength + definitionLength;
    if (levelsLength > Math.min(page.length, uncompressedLength)) {
      throw new Damaged('the levels of a page are cut short');
    }
    if (maxRepetition > 0) {
      readHybrid(page, 0, repetitionLength, levelWidth(maxRepetition), this.repetition, first, values);
    }
    if (present > 0) {
      readHybrid(page, repetitionLength, levelsLength, levelWidth(present), this.definition, first, values);
    }
    const rest = page.subarray(levelsLength);
    const length = uncompressedLength - levelsLength;
    // Where all are NULL there may be nothing to decompress.
    if (!compressed || rest.length === 0) return { bytes: rest, at: 0 };
    return { bytes: this.decompressor.read(compression, rest, length), at: 0 };
  }

  /** How many of the levels from `first` on have a value. */
  private countPresent(first: number): number {
    const { present } = this.node;
    if (present === 0) return this.levels - first;
    let count = 0;
    let highest = 0;
    for (let i = first; i < this.levels; i++) {
      const level = this.definition[i]!;
      if (level === present) count++;
      else if (level > highest) highest = level;
    }
    if (highest > present) throw new Damaged('a page has a level that its schema has not');
    return count;
  }
}

function pagesOf(bytes: Uint8Array): { header: PageHeader; page: Uint8Array }[] {
  const pages = [];
  for (let at = 0; at < bytes.length; ) {
    const header = readPageHeader(bytes, at);
    const start = at + header.headerLength;
    at = start + header.length;
    if (at > bytes.length) throw new Damaged('a page is cut short');
    pages.push({ header, page: bytes.subarray(start, at) });
  }
  return pages;
}

/** The uint32 in front of a page's levels. */
export function levelsLength(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}
