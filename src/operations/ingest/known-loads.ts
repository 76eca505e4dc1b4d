import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { cancellable } from '../cancellable.ts';
import { appliesAgain } from '../ledger/decide.ts';
import { ensureLedger, type RecordedSource } from '../ledger/ledger.ts';
import { currentSchema, type TableDescription } from '../tables.ts';
import type { LoadPlan, PlanOptions } from './plan-loads.ts';

/** What the user says of the ledger. */
export interface LedgerOptions {
  /** Whether the ledger is kept, which makes a load exactly-once; default yes. */
  ledger?: boolean | undefined;
  /** The load's own name, by which a stream is known when it comes again. */
  loadId?: string | undefined;
  /** What to do where the same load has been finished; default: skip. */
  ifLoaded?: 'skip' | 'error' | 'again' | undefined;
  /** Forget an unfinished load and begin again. */
  restart?: boolean | undefined;
}

/** @throws UsageError for what asks a ledger that is left out */
export function checkLedger({ ledger = true, loadId, ifLoaded, restart }: LedgerOptions): void {
  if (ledger || (loadId === undefined && ifLoaded === undefined && !restart)) return;
  throw new UsageError('--load-id, --if-loaded and --restart ask the ledger, which --no-ledger leaves out');
}

/** Makes the ledger where it is wanted and not there. @returns whether it can be kept */
export async function prepareLedger(
  database: Database,
  { ledger = true }: LedgerOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<boolean> {
  if (!ledger) return false;
  if ((await cancellable(database, signal, () => ensureLedger(database))) === 'ready') return true;
  reporter.warn(
    'the role may not keep a ledger (schema pgv): this load is not safe to repeat. `pgv init --grant <role>` lets it; --no-ledger says that it is meant so',
  );
  return false;
}

/**
 * Tells what cannot be known again: a stream, where it would come on top of what it has brought before; and a warning
 * where it looks as if it could, a URL.
 */
export function tellUnknown(
  loads: readonly Pick<LoadPlan, 'sourceKey' | 'sources'>[],
  options: Pick<PlanOptions, 'mode' | 'ifLoaded'>,
  reporter: Reporter,
): void {
  const unknown = loads
    .filter(({ sourceKey }) => sourceKey === undefined)
    .flatMap(({ sources }) => sources.find(({ fingerprint }) => fingerprint === undefined) ?? []);
  for (const { name } of unknown.filter(isRemote)) {
    reporter.warn(
      `${name} cannot be known again, as its server gives no parts of it: the same command loads it once more, unless --load-id names the load`,
    );
  }
  const stream = unknown.find((source) => !isRemote(source));
  if (stream === undefined || appliesAgain(options)) return;
  reporter.note(`${stream.name} is not known again: --load-id <name> makes the same command load it once`);
}

const isRemote = ({ name }: RecordedSource): boolean => /^https?:/.test(name);

/** However the table is named, the same for the same one, also before it is made. */
export async function fullName(
  database: Database,
  name: string,
  found: TableDescription | undefined,
): Promise<string> {
  if (found !== undefined) return `${found.schema}.${found.name}`;
  const wanted = parseTableName(name);
  return `${wanted.schema ?? (await currentSchema(database)) ?? ''}.${wanted.name}`;
}
