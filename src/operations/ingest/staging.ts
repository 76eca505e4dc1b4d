import type { Session } from '../../database/database.ts';
import { DataError } from '../../errors.ts';
import {
  constraintsForStaging,
  createStaging,
  deleteMissing,
  hasStaged,
  type Merge,
  type MergeCounts,
  mergeStaged,
  type StagingConstraint,
  type TenantRows,
} from '../../sql/staging.ts';
import { truncate } from '../../sql/truncate.ts';
import { mergeAround, type RefuseRow } from './merge-around.ts';

export interface MergeOutcome extends MergeCounts {
  /** Rows of the target whose key the file has no more. */
  deleted: number;
}

export interface MergeOptions {
  /** What the table holds goes first. */
  truncate?: boolean | undefined;
  /** Rows of the target whose key is not staged are deleted; a tenant's rows alone where it is given. */
  deleteMissing?: { tenant?: TenantRows | undefined } | undefined;
}

/** Makes the staging table, with those of the target's constraints that a row can be held against on its way. */
export async function makeStaging(session: Session, tableOid: number, merge: Merge): Promise<void> {
  const { rows } = await session.query<StagingConstraint>(constraintsForStaging(tableOid, merge.columns));
  await session.query(createStaging(merge, rows));
}

/**
 * Everything staged into the target, in the order of the file. Where more is asked for than one statement does, the
 * session must be a transaction.
 * @param refuse left out, a row that the target does not take ends it all; given, each is told and left out
 * @throws DataError where rows that are missing from a file without any rows would be deleted: that is what is left
 *   of a producer that died
 */
export async function mergeRows(
  session: Session,
  merge: Merge,
  options: MergeOptions = {},
  refuse?: RefuseRow,
): Promise<MergeOutcome> {
  if (options.truncate) await session.query(truncate(merge.target, session.limits.lock));
  const deleted = options.deleteMissing
    ? await removeMissing(session, merge, options.deleteMissing.tenant)
    : 0;
  if (refuse !== undefined) return { ...(await mergeAround(session, merge, refuse)), deleted };
  const { rows } = await session.query<MergeCounts>(mergeStaged(merge));
  return { ...rows[0]!, deleted };
}

async function removeMissing(
  session: Session,
  merge: Merge,
  tenant: TenantRows | undefined,
): Promise<number> {
  const { rows } = await session.query<{ any: boolean }>(hasStaged(merge.staging));
  if (!rows[0]!.any) {
    throw new DataError('there are no rows, and --delete-missing would empty the table', {
      code: 'no-rows',
      hint: 'look at what made the file; --truncate is for a table that is to be empty',
    });
  }
  const { rowCount } = await session.query(deleteMissing(merge, tenant));
  return rowCount;
}
