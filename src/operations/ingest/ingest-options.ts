import type { LedgerOptions } from './known-loads.ts';
import type { LaneThreads } from './lane-threads.ts';
import type { PlanOptions } from './plan-loads.ts';
import type { RejectOptions } from './rejects.ts';
import type { LoadOptions } from './run.ts';
import { shapeOf } from './shape-of.ts';

export interface IngestOptions extends Omit<LoadOptions, 'pieceLength'>, RejectOptions, LedgerOptions {
  /** Lanes at the most; default: as many as there are cores, and at most 4. */
  jobs?: number | undefined;
  /** Bytes a piece; default: what serves speed. */
  pieceLength?: number | undefined;
  /** For the lanes, where some are started already. */
  threads?: LaneThreads | undefined;
}

/** What of them decides which loads the files make. */
export function planOptions(options: IngestOptions): PlanOptions {
  const { onConflict = 'error', key = [], atomic = false, truncate = false, deleteMissing = false } = options;
  return {
    loadId: options.loadId,
    shape: { ...options.dialect, ...shapeOf(options) },
    mode: { onConflict, key, atomic, truncate, deleteMissing },
    ifLoaded: options.ifLoaded ?? 'skip',
    restart: options.restart ?? false,
  };
}
