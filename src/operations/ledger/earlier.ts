import type { Reporter } from '../../progress.ts';
import { appliesAgain, type Request } from './decide.ts';
import { differences } from './identity.ts';
import type { RecordedLoad, RecordedSource } from './ledger.ts';
import { rowsInTable } from './storage.ts';

/** What a finished load has put into the table of a file that is about to be loaded once more. */
export interface EarlierLoad {
  load: RecordedLoad;
  /** Index of the file among those of the new load. */
  file: number;
  /** Whether other bytes are in it now. */
  changed: boolean;
  /** The flags that were others, where its bytes are the same. */
  flags: readonly string[];
}

/**
 * What is in the table already of the files of a load that the ledger takes for a new one; undefined: nothing that is
 * known, or that the load comes on top of.
 * @param loads those into its table that still hold, the newest first
 */
export function earlierLoad(loads: readonly RecordedLoad[], request: Request): EarlierLoad | undefined {
  if (appliesAgain(request)) return undefined;
  const there = stillThere(loads).filter(
    (load) =>
      load.finishedAt !== null &&
      rowsInTable(load) > 0 &&
      // Rows of another tenant are none that anyone takes for these.
      load.shape.tenant === request.shape.tenant,
  );
  for (const isIn of [hasBytes, hasPlace]) {
    for (const [file, source] of request.sources.entries()) {
      const load = there.find(({ sources }) => sources.some((other) => isIn(source, other)));
      if (load === undefined) continue;
      const changed = isIn === hasPlace;
      return { load, file, changed, flags: changed ? [] : flagsOf(load, request) };
    }
  }
  return undefined;
}

/** What came before a load that emptied the table has gone with it. */
function stillThere(loads: readonly RecordedLoad[]): readonly RecordedLoad[] {
  const emptied = loads.findIndex((load) => load.mode.truncate && rowsInTable(load) > 0);
  return emptied === -1 ? loads : loads.slice(0, emptied + 1);
}

function hasBytes({ fingerprint: now }: RecordedSource, { fingerprint: then }: RecordedSource): boolean {
  if (now === undefined || then === undefined) return false;
  return now.byteLength === then.byteLength && now.sample === then.sample;
}

function hasPlace(now: RecordedSource, then: RecordedSource): boolean {
  return now.fingerprint !== undefined && then.fingerprint !== undefined && now.name === then.name;
}

function flagsOf({ shape, sourceKey }: RecordedLoad, request: Request): string[] {
  const flags = differences(shape, request.shape);
  const named = [sourceKey, request.sourceKey].some((key) => key?.startsWith('id '));
  return named && sourceKey !== request.sourceKey ? [...flags, '--load-id'] : flags;
}

/**
 * Warns that rows of a file come on top of what was loaded of it before.
 * @param name the file's
 */
export function warnOfEarlier({ load, changed, flags }: EarlierLoad, name: string, reporter: Reporter): void {
  const { tableName, finishedAt, loadId } = load;
  const rows = `the ${rowsInTable(load).toLocaleString('en')} of that load`;
  const otherwise = flags.length === 0 ? '' : `, with another ${flags.join(', ')}`;
  const what = changed
    ? `${name} differs from what was loaded into ${tableName} on ${finishedAt} as load ${loadId}: its rows come on top of ${rows}`
    : `${name} is in ${tableName} already, loaded on ${finishedAt} as load ${loadId}${otherwise}: these rows come besides ${rows}`;
  reporter.warn(
    `${what}; --on-conflict update replaces rows by their key, --truncate all of them, --if-loaded again says that it is meant so`,
  );
}
