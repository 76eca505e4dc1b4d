import type { OnConflict } from '../../sql/staging.ts';
import type { LaneThreads } from '../ingest/lane-threads.ts';
import type { VectorOptions } from '../ingest/mapping/vector-options.ts';

export interface CopyOptions extends VectorOptions {
  /** `[schema.]name`; undefined: the only table with vectors. */
  table: string | undefined;
  /** Default: of the same name. */
  toTable?: string | undefined;
  columns?: readonly string[] | undefined;
  /** SQL. */
  where?: string | undefined;
  /**
   * Lanes at the most, which write and read; where they cannot do both, half as many others read. Default: as many as
   * there are cores, and at most 4.
   */
  jobs?: number | undefined;
  /** What the table holds goes first; default no. */
  truncate?: boolean | undefined;
  /** What becomes of rows whose key is there already; undefined: there must be no rows at all. */
  onConflict?: OnConflict | undefined;
  key?: readonly string[] | undefined;
  /** All rows or none; default no. */
  atomic?: boolean | undefined;
  /** Milliseconds without progress after which a connection is doubted; default 30 s. */
  stallAfter?: number | undefined;
  /** For the lanes, where some are started already. */
  threads?: LaneThreads | undefined;
}
