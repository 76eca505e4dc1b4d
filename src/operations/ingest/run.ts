import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import type { LoadCounts } from '../../sql/ledger.ts';
import type { LastingConnection } from '../lasting-connection.ts';
import type { LoadMode, RecordedLoad } from '../ledger/ledger.ts';
import type { TableDescription } from '../tables.ts';
import type { AroundOptions } from './around/around-load.ts';
import type { FileRead } from './copy-pieces.ts';
import type { Expectations } from './expectations.ts';
import type { Prepared, TableOptions } from './fit-table.ts';
import type { Input, OpenInput } from './input.ts';
import type { LanePool } from './lane-pool.ts';
import type { Reject } from './reject-file.ts';
import type { RejectOptions } from './rejects.ts';
import type { Stored } from './stored-pieces.ts';
import type { TargetOptions, TargetStrategy } from './target.ts';

/** What all loads of a run share. */
export interface Run {
  database: Database;
  /** The same database, opened again where it was lost. */
  connection: LastingConnection;
  inputs: readonly Input[];
  options: LoadOptions;
  /** Whether stored pieces are written down. */
  ledger: boolean;
  mode: LoadMode;
  pool: LanePool;
  reporter: Reporter;
  signal: AbortSignal;
  /** Told of each file before its pieces. */
  onFile: (file: OpenInput) => Promise<void>;
  /** Keeps rejected rows, before what is stored round them is stored. */
  keep: (rejects: Reject[]) => Promise<void>;
  /** Takes back the buffer of a piece that is done. */
  recycle: (buffer: ArrayBuffer) => void;
  /** Resolves when lanes that were asked to stop have told what became of their pieces. */
  stopping: () => Promise<void>;
  /** The tables that this run has made. */
  made: Set<string>;
}

export interface LoadOptions extends Expectations, RejectOptions, TableOptions, TargetOptions, AroundOptions {
  /** How the user says that the input is written: a load is known by it, and by all else that shapes rows. */
  dialect?: Record<string, unknown> | undefined;
  pieceLength: number;
  /** Whether another run can go on with the load, as its source is still there then; default yes. */
  resumes?: boolean | undefined;
  /** Milliseconds that a lost connection is tried again for; default 5 minutes. */
  patience?: number | undefined;
  /** Milliseconds without progress after which a connection is doubted; default 30 s. */
  stallAfter?: number | undefined;
}

/** What came of one load. */
export interface LoadResult extends LoadCounts {
  loadId: string | null;
  status: 'loaded' | 'resumed' | 'already-loaded';
  table: TableDescription;
  /** By file: what was read, rows and bytes of stored pieces included. */
  files: (FileRead & { path: string })[];
}

/** A load at work. */
export interface Begun {
  loadId: string;
  /** Undefined: a new one. */
  resumed: RecordedLoad | undefined;
  prepared: Prepared;
  target: TargetStrategy;
  stored: Stored;
}
