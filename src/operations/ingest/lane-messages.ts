import type { Piece } from '../../batch.ts';
import type { LaneAddress } from '../../database/database.ts';
import type { TransferredError } from '../../error-transfer.ts';
import type { ToldNotices } from './notices.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';

/** A piece for a lane, and its place in the load. */
export interface PieceWork {
  piece: Piece;
  /** Index of its file among the load's. */
  file: number;
  /** Rows of the load in the files before. */
  rowBase: number;
  /** Of its bytes; undefined: nothing is written down of it. */
  checksum: string | undefined;
}

/** What became of a piece that is stored. */
export interface PieceOutcome {
  /** Stored by this lane, now; 0 where another had stored the piece before. */
  rows: number;
  rejected: number;
  /** Vectors of zeros that stayed as they are, where all were to be brought to length 1. */
  zeroVectors?: number | undefined;
  /** Texts that were to be embedded, and were NULL or blank. */
  withoutText?: number | undefined;
  /** Bytes of the rows, where the lane has fetched them and the piece held none. */
  fetched?: number | undefined;
  /** What the server has said of it. */
  notices?: ToldNotices | undefined;
}

/**
 * To a lane. `open`: first of all, the database; `recipe`: how the pieces that follow are loaded; `rejects-kept`: those of the piece at work are on disk,
 * or could not be; `stop`: end the piece at work, keep nothing of it; `close`: end.
 */
export type ToLane =
  | { kind: 'open'; address: LaneAddress }
  | { kind: 'recipe'; recipe: Recipe }
  | { kind: 'piece'; id: number; work: PieceWork }
  | { kind: 'rejects-kept'; error?: TransferredError }
  | { kind: 'stop' }
  | { kind: 'close' };

/**
 * From a lane. Every piece is answered with `loaded` or `failed`; its buffer comes back with the answer. `closed`: its
 * connection has ended, and the thread is about to.
 */
export type FromLane =
  | { kind: 'progress'; id: number; rows: number; bytes: number }
  | { kind: 'retrying'; message: string; milliseconds: number }
  | { kind: 'rejects'; rejects: Reject[] }
  | { kind: 'loaded'; id: number; outcome: PieceOutcome; buffer: ArrayBuffer }
  | { kind: 'failed'; id: number; error: TransferredError; buffer: ArrayBuffer }
  | { kind: 'closed' };
