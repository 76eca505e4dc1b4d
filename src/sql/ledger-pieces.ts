import type { Statement } from '../database/database.ts';
import { quoteLiteral } from './identifiers.ts';
import { filenodeOf } from './table-storage.ts';

// What the ledger (ledger.ts) says of pieces, and how a piece's transaction begins and ends.

/** Which table of the ledger tells of a load's pieces. */
export type PieceTable = 'pieces' | 'staged_pieces';

/** A piece as the ledger names it. */
export interface PieceKey {
  loadId: string;
  /** Index among the load's files. */
  file: number;
  /** Its number in the file. */
  piece: number;
}

export interface PieceClaim extends PieceKey {
  firstRow: number;
  records: number;
  byteOffset: number;
  byteLength: number;
  checksum: string;
}

/**
 * Begins a piece's transaction and claims the piece in it. Where another transaction has claimed it, this waits for
 * that one's end, and gives no row if it was committed. Gives one row otherwise: pid and at, the backend at work and the time. The
 * commit waits for no disk: what a crash of the server loses, the ledger loses with it, and the load's end waits.
 * @param limits sets how long its statements may take (limitStatements)
 */
export function claimPiece(table: PieceTable, claim: PieceClaim, limits: string): string {
  const { firstRow, records, byteOffset, byteLength, checksum } = claim;
  return `BEGIN; ${limits}; SET LOCAL synchronous_commit = off;
INSERT INTO pgv.${table} (load_id, file, piece, first_row, records, byte_offset, byte_length, checksum)
VALUES (${keyOf(claim)}, ${firstRow}, ${records}, ${byteOffset}, ${byteLength}, ${quoteLiteral(checksum)})
ON CONFLICT DO NOTHING RETURNING backend_pid AS pid, clock_timestamp()::text AS at`;
}

/** Ends a piece's transaction, having written down what came of it. */
export function commitPiece(
  table: PieceTable,
  key: PieceKey,
  { rows, rejected, tableOid }: { rows: number; rejected: number; tableOid: number },
): string {
  return `INSERT INTO pgv.${table}_stored (load_id, file, piece, rows, rejected, filenode)
VALUES (${keyOf(key)}, ${rows}, ${rejected}, ${filenodeOf(tableOid)}); COMMIT`;
}

/** Gives a row where the piece is stored: rows, rejected. */
export function storedPiece(table: PieceTable, { loadId, file, piece }: PieceKey): Statement {
  return {
    text: `SELECT rows, rejected FROM pgv.${table}_stored WHERE load_id = $1 AND file = $2 AND piece = $3`,
    values: [loadId, file, piece],
  };
}

/** Every stored piece of a load, in the order of the files: file, piece, byteLength, records, checksum, rows, rejected. */
export function storedPieces(table: PieceTable, loadId: string): Statement {
  return {
    text: `SELECT file, piece, byte_length AS "byteLength", records, checksum, rows, rejected
FROM pgv.${table} JOIN pgv.${table}_stored USING (load_id, file, piece)
WHERE load_id = $1 ORDER BY file, piece`,
    values: [loadId],
  };
}

function keyOf({ loadId, file, piece }: PieceKey): string {
  return `${quoteLiteral(loadId)}, ${file}, ${piece}`;
}

/** Keeps the pieces of a merge that is finished among those that are in their table for good: their checksums tell later. */
export function keepStagedPieces(loadId: string): string {
  const id = quoteLiteral(loadId);
  return `INSERT INTO pgv.pieces SELECT * FROM pgv.staged_pieces WHERE load_id = ${id};
INSERT INTO pgv.pieces_stored SELECT * FROM pgv.staged_pieces_stored WHERE load_id = ${id};
${deleteStagedPieces(loadId)}`;
}

/** Forgets a finished merge's staged pieces. */
export function deleteStagedPieces(loadId: string): string {
  const id = quoteLiteral(loadId);
  return `DELETE FROM pgv.staged_pieces WHERE load_id = ${id}; DELETE FROM pgv.staged_pieces_stored WHERE load_id = ${id}`;
}
