import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { defaultPieceLength } from '../../formats/read/piece-cutter.ts';
import type { Reporter } from '../../progress.ts';
import { defaultLanes } from '../lanes.ts';
import { LastingConnection, tryingAgain } from '../lasting-connection.ts';
import type { LoadMode } from '../ledger/ledger.ts';
import type { IngestOptions } from './ingest-options.ts';
import type { Input } from './input.ts';
import { type LaneEvents, LanePool } from './lane-pool.ts';
import { Rejects } from './rejects.ts';
import type { Run } from './run.ts';
import type { StoredBefore } from './stored-before.ts';

/** A run, and what its owner needs to begin and end it. */
export interface StartedRun {
  run: Run;
  /** To be called before the first file: what the run's loads have done before. */
  goOn: (before: StoredBefore) => void;
  close: () => Promise<void>;
}

/** What all loads of a run share: lanes, which stop when the signal fires, a connection and a reject file. */
export function startRun(
  database: Database,
  inputs: readonly Input[],
  options: IngestOptions,
  { mode, ledger }: { mode: LoadMode; ledger: boolean },
  reporter: Reporter,
  signal: AbortSignal,
): StartedRun {
  let rejects: Rejects | undefined;
  let before: StoredBefore | undefined;
  /** Of the file that is read; 0: not known. */
  let byteLength = 0;
  const pool = lanePool(database, options, {
    onProgress: () => reportProgress(reporter, pool, byteLength),
    onBuffer: (buffer) => run.recycle(buffer),
    onRejects: (rows) => run.keep(rows),
    onRetry: (message, pause) => reporter.warn(tryingAgain(message, pause)),
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping = pool.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  const connection = lasting(database);
  const run: Run = {
    database,
    connection,
    inputs,
    options: { ...options, pieceLength: options.pieceLength ?? defaultPieceLength },
    ledger,
    mode,
    pool,
    reporter,
    signal,
    stopping: async () => stopping,
    keep: (rows) => rejects!.keep(rows),
    recycle: () => {},
    onFile: async (opened) => {
      byteLength = opened.byteLength ?? 0;
      run.recycle = opened.file.recycle;
      await rejects?.open(opened.file.rejectHead, before?.isStored);
    },
    made: new Set(),
  };
  const goOn = (found: StoredBefore) => {
    before = found;
    rejects = new Rejects(options, found.rejected, reporter);
  };
  const close = async () => {
    signal.removeEventListener('abort', stop);
    await pool.close();
    await rejects?.close();
    if ((await connection.get().catch(() => database)) !== database) await connection.close();
  };
  return { run, goOn, close };
}

function lanePool(database: Database, { jobs, threads }: IngestOptions, events: LaneEvents): LanePool {
  return new LanePool(database, Math.min(jobs ?? defaultLanes(), database.maxLanes), events, threads);
}

/** A connection that replaces the first one where that is lost. */
function lasting(database: Database): LastingConnection {
  return new LastingConnection(async () => connectLane((await database.lane()).address), database);
}

function reportProgress(reporter: Reporter, pool: LanePool, byteLength: number): void {
  const lanes = pool.progress();
  const rows = lanes.reduce((sum, lane) => sum + lane.rows, 0);
  const bytes = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
  const total = byteLength === 0 ? {} : { done: bytes, total: byteLength };
  reporter.progress({ phase: 'loading', rows, bytes, lanes, ...total });
}
