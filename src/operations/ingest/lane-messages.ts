import type { Piece } from '../../batch.ts';
import type { LaneAddress } from '../../database/database.ts';
import type { TransferredError } from '../../error-transfer.ts';
import type { Recipe } from './load-piece.ts';

/** What a lane's thread is started with. */
export interface LaneStart {
  address: LaneAddress;
  recipe: Recipe;
}

/** To a lane. `stop`: end the piece at work, keep nothing of it; `close`: end. */
export type ToLane = { kind: 'piece'; piece: Piece } | { kind: 'stop' } | { kind: 'close' };

/** From a lane. Every piece is answered with `loaded` or `failed`; its buffer comes back with the answer. */
export type FromLane =
  | { kind: 'progress'; sequence: number; rows: number; bytes: number }
  | { kind: 'loaded'; sequence: number; rows: number; buffer: ArrayBuffer }
  | { kind: 'failed'; sequence: number; error: TransferredError; buffer: ArrayBuffer }
  | { kind: 'broken'; error: TransferredError };
