import { randomUUID } from 'node:crypto';
import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { deleteLoads } from '../../sql/ledger.ts';
import { type Decision, decide } from '../ledger/decide.ts';
import { type EarlierLoad, earlierLoad, warnOfEarlier } from '../ledger/earlier.ts';
import { type Identity, identityOf } from '../ledger/identity.ts';
import { type LoadMode, type RecordedLoad, type RecordedSource, recordedLoads } from '../ledger/ledger.ts';
import { isDoubtful, isVoid, storageOf } from '../ledger/storage.ts';
import type { TableDescription } from '../tables.ts';
import type { Input } from './input.ts';

/** A load of this run: what is loaded, and what the ledger says to it. */
export interface LoadPlan extends Identity {
  /** A new name; a load that goes on keeps its own. */
  loadId: string;
  /** Indexes of its files among the run's. */
  inputs: readonly number[];
  sources: readonly RecordedSource[];
  decision: Decision;
  /** The table was truncated or rewritten since the load that was found: its rows must tell which. */
  doubtful: boolean;
  /** The table was made by a load with the same options: for this one, the types that they give. */
  madeAlike: boolean;
  /** What is in the table of its files already, where it is loaded on top of that; undefined: nothing. */
  earlier: EarlierLoad | undefined;
}

/** A load before the ledger is asked. */
export type DescribedLoad = Omit<LoadPlan, 'decision' | 'doubtful' | 'madeAlike' | 'earlier'>;

export interface PlanOptions {
  loadId: string | undefined;
  shape: Record<string, unknown>;
  mode: LoadMode;
  ifLoaded: 'skip' | 'error' | 'again';
  restart: boolean;
}

/**
 * The loads that a run's files make: one for each file, as then a file more is a load more; or one for all, where
 * they are merged together.
 * @throws UsageError where one name would stand for several loads, each of which would take the others for its own
 */
export async function describeLoads(
  inputs: readonly Input[],
  together: boolean,
  options: PlanOptions,
): Promise<DescribedLoad[]> {
  if (options.loadId !== undefined && inputs.length > 1 && !together) {
    throw new UsageError('--load-id names one load, and each of several files is one', {
      hint: 'leave it out: files are known by what is in them; or load them one by one',
    });
  }
  const described: RecordedSource[] = [];
  for (const input of inputs) described.push(await input.describe());
  const groups = together ? [inputs.map((_, i) => i)] : inputs.map((_, i) => [i]);
  return groups.map((group) => {
    const sources = group.map((i) => described[i]!);
    const identity = identityOf(sources, options.loadId, options.shape);
    return { ...identity, loadId: randomUUID(), inputs: group, sources };
  });
}

/**
 * What the ledger says to each load.
 * @param table the target, where it is there already
 * @throws UsageError where a load could double rows or mix two files
 */
export async function decideLoads(
  database: Database,
  table: TableDescription | undefined,
  loads: readonly DescribedLoad[],
  options: PlanOptions,
): Promise<LoadPlan[]> {
  const recorded = table === undefined ? [] : await recordedLoads(database, table.oid);
  if (table === undefined || recorded.length === 0) {
    const decision = { kind: 'new' } as const;
    const nothing = { doubtful: false, madeAlike: false, earlier: undefined };
    return loads.map((load) => ({ ...load, decision, ...nothing }));
  }
  const storage = await storageOf(database, table);
  const voided = recorded.filter((load) => isVoid(load, storage));
  if (voided.length > 0) await database.query(deleteLoads(voided.map(({ loadId }) => loadId)));
  const held = recorded.filter((load) => !voided.includes(load));
  return loads.map((load) => {
    const { shape, mode, ifLoaded, restart } = options;
    const request = { ...load, shape, mode, ifLoaded, restart };
    const decision = decide(held, request);
    const begins = decision.kind === 'new' || decision.kind === 'restart';
    const earlier = begins ? earlierLoad(held, request) : undefined;
    const found = 'load' in decision ? decision.load : undefined;
    const madeAlike = held.some(({ createdTable, shapeKey }) => createdTable && shapeKey === load.shapeKey);
    const doubtful = found !== undefined && isDoubtful(found, storage);
    return { ...load, decision, doubtful, madeAlike, earlier };
  });
}

/** The load of the ledger that a plan goes on with. */
export function resumedLoad({ decision }: LoadPlan): RecordedLoad | undefined {
  return decision.kind === 'resume' ? decision.load : undefined;
}

/** How many pieces are to be loaded, as far as the sizes of the sources tell; a stream counts as one. */
export function piecesOf(plans: readonly LoadPlan[], pieceLength: number): number {
  return plans
    .filter(({ decision }) => decision.kind !== 'loaded')
    .flatMap(({ sources }) => sources)
    .reduce((sum, { fingerprint }) => sum + Math.ceil((fingerprint?.byteLength ?? 1) / pieceLength), 0);
}

/** Warns where a load comes on top of what is in the table of its files already. */
export function tellEarlier(plan: LoadPlan, inputs: readonly Input[], reporter: Reporter): void {
  const { earlier } = plan;
  if (earlier !== undefined) warnOfEarlier(earlier, inputs[plan.inputs[earlier.file]!]!.name, reporter);
}

/** Says what the ledger has decided, where that is not what everyone expects. */
export function reportDecision({ decision, sources }: LoadPlan, reporter: Reporter): void {
  const name = sources.map((source) => source.name).join(', ');
  if (decision.kind === 'resume' && decision.load.pieces > 0) {
    const { rows, startedAt } = decision.load;
    reporter.note(
      `going on with the load of ${name} begun on ${startedAt}, behind ${rows.toLocaleString('en')} rows`,
    );
  }
  if (decision.kind === 'restart') reporter.note(`beginning the load of ${name} again`);
}
