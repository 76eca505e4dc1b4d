import type { Location, Piece, StoredPieces } from '../../../batch.ts';
import type { Compression } from '../columnar/compression.ts';
import type { ReadInto } from './chunk-scanner.ts';
import { type LeafParts, RowGroupCutter, type WantedChunk } from './row-group.ts';

/** A row group, as far as its columns are wanted. */
export interface WantedRowGroup {
  rows: number;
  chunks: readonly WantedChunk[];
}

/** What a piece says of a leaf's pages within it. */
export interface PackedLeaf {
  leaf: number;
  compression: Compression;
  /** In the piece's bytes. */
  start: number;
  end: number;
  /** Rows that begin in the pages before the piece's first. */
  skip: number;
}

/** The rows of all row groups, cut where the file, the wanted columns and pieceLength alone decide. */
export async function* rowGroupPieces(
  groups: readonly WantedRowGroup[],
  readInto: ReadInto,
  pieceLength: number,
  stored?: StoredPieces,
): AsyncGenerator<Piece> {
  let [sequence, firstRow] = [0, 1];
  for (const { rows, chunks } of groups) {
    const cutter = new RowGroupCutter(rows, chunks, readInto, pieceLength);
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    for (let from = 0; from < rows; sequence++) {
      const known = stored?.get(sequence);
      const to = known === undefined ? await cutter.cut(from) : from + known.records;
      if (known === undefined) {
        const leaves = await cutter.parts(from, to);
        const location: Location = {
          sequence,
          firstRow: firstRow + from,
          records: to - from,
          byteOffset: leaves[0]?.parts.at(-1)?.offset ?? 0,
          // Its share, as its pages may be another piece's, too.
          byteLength: Math.floor((length * to) / rows) - Math.floor((length * from) / rows),
        };
        yield { location, bytes: await pack(leaves, readInto) };
      }
      from = to;
    }
    firstRow += rows;
  }
}

/** The pages of all leaves, and in front of them, as JSON behind its length in a uint32, where each leaf's are. */
async function pack(leaves: readonly LeafParts[], readInto: ReadInto): Promise<Uint8Array<ArrayBuffer>> {
  let end = 0;
  const packed = leaves.map(({ chunk, parts, skip }): PackedLeaf => {
    const start = end;
    for (const part of parts) end += part.end - part.offset;
    return { leaf: chunk.leaf.leaf, compression: chunk.compression, start, end, skip };
  });
  const head = Buffer.from(JSON.stringify(packed));
  const bytes = new Uint8Array(4 + head.length + end);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const { offset, end } of leaves.flatMap(({ parts }) => parts)) {
    await readInto(bytes.subarray(at, at + end - offset), offset);
    at += end - offset;
  }
  return bytes;
}

/** What `pack` has written: what is where, and the bytes that `start` and `end` count in. */
export function unpack({ bytes }: Piece): { leaves: PackedLeaf[]; pages: Uint8Array } {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + 4, length);
  return { leaves: JSON.parse(head.toString()), pages: bytes.subarray(4 + length) };
}
