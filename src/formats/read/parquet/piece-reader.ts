import type { Piece } from '../../../batch.ts';
import { Decompressor } from '../columnar/compression.ts';
import type { PieceRows, ReadPiece } from '../columnar/decoder.ts';
import type { FieldValues } from '../columnar/values.ts';
import { assemble } from './assemble.ts';
import { LeafReader } from './leaf-reader.ts';
import type { LeafNode, Node } from './nodes.ts';
import { unpack } from './pieces.ts';

/** Reads pieces of a Parquet file. @param nodes by field */
export function pieceReader(nodes: readonly Node[]): ReadPiece {
  const readers = new Map<number, LeafReader>();
  const decompressor = new Decompressor();
  const readerOf = (leaf: LeafNode): LeafReader => {
    const reader = readers.get(leaf.leaf) ?? new LeafReader(leaf, decompressor);
    readers.set(leaf.leaf, reader);
    return reader;
  };
  return (piece) => readPiece(piece, nodes, readerOf);
}

/** A field is decoded when it is asked for, once. */
function readPiece(
  piece: Piece,
  nodes: readonly Node[],
  readerOf: (leaf: LeafNode) => LeafReader,
): PieceRows {
  const count = piece.location.records;
  const { leaves, pages } = unpack(piece);
  const rowsOf = (leaf: LeafNode) => {
    const { start, end, skip, compression } = leaves.find((each) => each.leaf === leaf.leaf)!;
    return { data: readerOf(leaf).read(pages.subarray(start, end), compression), skip };
  };
  const read = new Map<number, FieldValues>();
  return {
    count,
    field: (field) => {
      const values = read.get(field) ?? assemble(nodes[field]!, count, rowsOf);
      read.set(field, values);
      return values;
    },
  };
}
