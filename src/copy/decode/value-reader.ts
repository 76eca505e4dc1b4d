import type { Column } from '../../batch.ts';

/** The tuples at hand, as bytes and as big-endian numbers. */
export interface Wire {
  bytes: Uint8Array;
  view: DataView;
}

/** Gathers a column from its fields' binary values. What `take` gives is written over by the batch that follows. */
export interface ValueReader {
  /** Reads the value at [start, end). @throws DataError for a value that no column holds */
  read: (wire: Wire, start: number, end: number) => void;
  readNull: () => void;
  /** The rows since the last time. */
  take: () => Column;
}
