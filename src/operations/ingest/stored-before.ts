import type { Session } from '../../database/database.ts';
import { type LoadPlan, resumedLoad } from './plan-loads.ts';
import { Stored } from './stored-pieces.ts';

/** What a run's loads have done before. */
export interface StoredBefore {
  rejected: number;
  /** Undefined where no load goes on; else whether a piece of one of the run's files (by its index) is stored. */
  isStored: ((input: number, piece: number) => boolean) | undefined;
}

export async function storedBefore(session: Session, plans: readonly LoadPlan[]): Promise<StoredBefore> {
  if (!plans.some((plan) => resumedLoad(plan) !== undefined)) return { rejected: 0, isStored: undefined };
  const stored = new Map<number, { has: (piece: number) => boolean }>();
  let rejected = 0;
  for (const plan of plans) {
    const load = resumedLoad(plan);
    const before =
      load && (await Stored.read(session, load.staging === null ? 'pieces' : 'staged_pieces', load.loadId));
    rejected += before?.rejected ?? 0;
    for (const [file, input] of plan.inputs.entries()) {
      const isDone = plan.decision.kind === 'loaded';
      stored.set(input, { has: (piece) => isDone || (before?.has(file, piece) ?? false) });
    }
  }
  return { rejected, isStored: (input, piece) => stored.get(input)?.has(piece) ?? false };
}
