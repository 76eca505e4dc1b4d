import { UsageError } from '../../errors.ts';
import type { VacuumOptions } from '../../sql/maintenance.ts';

export interface VacuumRequest extends VacuumOptions {
  /** Leave tables alone that are not yet where autovacuum would see to them. */
  ifNeeded?: boolean | undefined;
  /** Build vector indexes anew before, where that is quicker than their vacuum, or they are bloated or INVALID. */
  reindex?: boolean | undefined;
}

/** @throws UsageError for flags that do not go together */
export function checkOptions({ full, parallel, skipLocked, reindex }: VacuumRequest): void {
  if (full && parallel !== undefined) throw exclusive('--full', '--parallel', 'VACUUM FULL has no workers');
  if (full && reindex) throw exclusive('--full', '--reindex', 'VACUUM FULL builds every index anew');
  if (skipLocked && reindex)
    throw exclusive(
      '--skip-locked',
      '--reindex',
      'to build an index anew is to wait for those who use the table',
    );
}

function exclusive(one: string, other: string, hint: string): UsageError {
  return new UsageError(`${one} and ${other} exclude each other`, { hint });
}
