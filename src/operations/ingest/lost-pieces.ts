import { DatabaseError } from '../../errors.ts';
import type { LoadPlan } from './plan-loads.ts';
import type { Stored } from './stored-pieces.ts';

/**
 * The server has fewer pieces than it said it had: it has crashed meanwhile. Pieces do not wait for its disk, as only
 * the load's end does (claimPiece), and a staging table has no log.
 */
export class LostPieces extends Error {
  /** Those that are left. */
  readonly stored: Stored;
  readonly count: number;

  constructor(stored: Stored, count: number) {
    super(`${count} pieces are lost`);
    this.stored = stored;
    this.count = count;
  }

  /** For a load that cannot read them again. */
  told({ sources }: LoadPlan): DatabaseError {
    return new DatabaseError(`a crash of the server took ${this.count} pieces that it had stored`, {
      code: 'lost-pieces',
      hint: sources.some(({ fingerprint }) => fingerprint === undefined)
        ? 'a stream cannot be read again: begin it anew, with the same --load-id where it has one'
        : 'run the same command again: it goes on from what is left',
    });
  }
}
