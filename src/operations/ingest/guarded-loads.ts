import type { GuardedLoad } from '../ledger/guard.ts';
import type { LoadPlan } from './plan-loads.ts';

/**
 * What no other run may work on meanwhile: loads by their ids, under which the ledger knows them, and by what they are
 * known by before they have one.
 */
export function loadsToGuard(
  loads: readonly Pick<LoadPlan, 'sourceKey' | 'loadId' | 'sources'>[],
  table: string,
): GuardedLoad[] {
  return loads.flatMap(({ sourceKey, loadId, sources }) => {
    const keys = sourceKey === undefined ? [loadId] : [`${table} ${sourceKey}`, loadId];
    return keys.map((key) => ({ key, name: nameOf(sources, table) }));
  });
}

/** The loads of the ledger that plans go on with, or forget. */
export function loadsTouched(plans: readonly LoadPlan[], table: string): GuardedLoad[] {
  return plans.flatMap(({ decision, sources }) => {
    const loads =
      decision.kind === 'resume' ? [decision.load] : decision.kind === 'restart' ? decision.loads : [];
    return loads.map(({ loadId }) => ({ key: loadId, name: nameOf(sources, table) }));
  });
}

function nameOf(sources: LoadPlan['sources'], table: string): string {
  return `${sources.map(({ name }) => name).join(', ')} into ${table}`;
}
