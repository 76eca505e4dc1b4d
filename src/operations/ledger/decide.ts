import { UsageError } from '../../errors.ts';
import { describeFingerprint, differences, type Identity, writtenAlike } from './identity.ts';
import type { LoadMode, RecordedLoad, RecordedSource } from './ledger.ts';

/** What is about to be loaded. */
export interface Request extends Identity {
  sources: readonly RecordedSource[];
  shape: Record<string, unknown>;
  mode: LoadMode;
  /** What to do where the same load has been finished. */
  ifLoaded: 'skip' | 'error' | 'again';
  /** Forget an unfinished load and begin again. */
  restart: boolean;
}

/** What the ledger says to a request. */
export type Decision =
  | { kind: 'new' }
  /** `verify`: the file may be another; the checksums of its pieces tell. */
  | { kind: 'resume'; load: RecordedLoad; verify: boolean }
  | { kind: 'loaded'; load: RecordedLoad; verify: boolean }
  /** Unfinished loads are forgotten first, and what they have stored with them. */
  | { kind: 'restart'; loads: RecordedLoad[] };

/**
 * Whether a request is a new load, an old one that goes on, or one that is done.
 * @param loads those into its table that still hold, the newest first
 * @throws UsageError where going on could double rows or mix two files
 */
export function decide(loads: readonly RecordedLoad[], request: Request): Decision {
  const unfinished = loads.filter((load) => load.finishedAt === null && isAbout(load, request));
  if (request.restart && unfinished.length > 0) return restart(unfinished, loads, request);
  const same = loads.filter(({ sourceKey }) => sourceKey !== null && sourceKey === request.sourceKey);
  const begun = unfinished.find((load) => same.includes(load));
  if (begun !== undefined) return resume(begun, request);
  if (unfinished[0] !== undefined) throw changedFile(unfinished[0], request);
  const finished = same.find((load) => load.finishedAt !== null && load.shapeKey === request.shapeKey);
  if (finished === undefined || appliesAgain(request)) return { kind: 'new' };
  if (request.ifLoaded === 'error') throw alreadyLoaded(finished, request);
  return { kind: 'loaded', load: finished, verify: !writtenAlike(request.sources, finished.sources) };
}

/**
 * Whether it is meant that rows which are loaded already come again: the user says so, an upsert may have new rows to
 * meet, and a truncated table is to hold the file and nothing else.
 */
export function appliesAgain({ mode, ifLoaded }: Pick<Request, 'mode' | 'ifLoaded'>): boolean {
  return ifLoaded === 'again' || mode.onConflict !== 'error' || mode.truncate;
}

/** The same bytes, or a file in the same place. */
function isAbout(load: RecordedLoad, { sourceKey, sources }: Request): boolean {
  if (load.sourceKey === null) return false;
  if (load.sourceKey === sourceKey) return true;
  const names = sources.filter(({ fingerprint }) => fingerprint !== undefined).map(({ name }) => name);
  return load.sources.some(({ name, fingerprint }) => fingerprint !== undefined && names.includes(name));
}

function resume(load: RecordedLoad, request: Request): Decision {
  if (load.shapeKey !== request.shapeKey) throw otherOptions(load, differences(load.shape, request.shape));
  const modes = differences({ ...load.mode }, { ...request.mode });
  if (modes.length > 0) throw otherOptions(load, modes);
  return { kind: 'resume', load, verify: !writtenAlike(request.sources, load.sources) };
}

function restart(unfinished: RecordedLoad[], loads: readonly RecordedLoad[], { mode }: Request): Decision {
  const others = loads.filter((load) => !unfinished.includes(load));
  for (const load of unfinished) {
    const apart = load.staging !== null || load.pieces === 0;
    const alone = load.createdTable && others.length === 0;
    if (apart || alone || mode.truncate || mode.onConflict !== 'error') continue;
    throw new UsageError(
      `--restart cannot take back the ${count(load.rows)} that the load has stored in ${load.tableName}`,
      {
        code: 'cannot-restart',
        hint: `they cannot be told from others there: --truncate empties the table first, --on-conflict skip or update meets them by their key; or \`pgv loads forget ${load.loadId}\` leaves them there`,
      },
    );
  }
  return { kind: 'restart', loads: unfinished };
}

function changedFile(load: RecordedLoad, { sources }: Request): UsageError {
  const names = new Set(sources.map(({ name }) => name));
  const before = load.sources.find(({ name }) => names.has(name)) ?? load.sources[0]!;
  const now = sources.find(({ name }) => name === before.name) ?? sources[0]!;
  return new UsageError(
    `${now.name} has changed since its load into ${load.tableName} began on ${load.startedAt}: it had ${describeFingerprint(before)}, now ${describeFingerprint(now)}`,
    {
      code: 'file-changed',
      file: now.name,
      hint: `${count(load.rows)} of the old file ${load.rows === 1 ? 'is' : 'are'} stored; ${waysOut(load)}`,
    },
  );
}

/** @param names options that are not as they were */
function otherOptions(load: RecordedLoad, names: readonly string[]): UsageError {
  return new UsageError(
    `a load of the same file into ${load.tableName} began on ${load.startedAt} and is not finished, with another ${names.join(', ')}`,
    {
      code: 'other-options',
      hint: `with the options it began with, the command goes on behind the ${count(load.rows)} that ${load.rows === 1 ? 'is' : 'are'} stored; ${waysOut(load)}`,
    },
  );
}

function alreadyLoaded(load: RecordedLoad, { sources }: Request): UsageError {
  return new UsageError(`${sources[0]!.name} was loaded into ${load.tableName} on ${load.finishedAt}`, {
    code: 'already-loaded',
    hint: '--if-loaded again loads it once more, --if-loaded skip (the default) leaves it at that',
  });
}

function waysOut({ loadId }: RecordedLoad): string {
  return `--restart begins again, \`pgv loads forget ${loadId}\` leaves what is stored and forgets the rest`;
}

function count(rows: number): string {
  return `${rows.toLocaleString('en')} row${rows === 1 ? '' : 's'}`;
}
