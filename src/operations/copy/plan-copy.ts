import type { Database, Session } from '../../database/database.ts';
import { selectRows } from '../../sql/export.ts';
import { asUsage } from '../export/source.ts';
import { needsStaging } from '../ingest/target.ts';
import type { TableDescription } from '../tables.ts';
import type { CopyOptions } from './options.ts';
import { type ColumnsPlan, planColumns } from './plan-columns.ts';
import type { Subject } from './subject.ts';
import { refuseFilled } from './target.ts';

/** How a table's rows go to another. */
export interface CopyPlan extends ColumnsPlan {
  /** Lanes may take ranges of it as they are: it does not matter that one has no rows, nor which comes first. */
  byRanges: boolean;
}

/**
 * How the columns go into the table that is there, or is to be made.
 * @param session of the database that they come from
 * @param existing undefined: there is no table yet
 * @throws UsageError where the rows cannot go there, or cannot be had so
 */
export async function planCopy(
  session: Session,
  to: Database,
  { source, changed }: Subject,
  existing: TableDescription | undefined,
  options: CopyOptions,
): Promise<CopyPlan> {
  const { truncate, onConflict } = options;
  if (existing !== undefined && !truncate && onConflict === undefined) await refuseFilled(to, existing);
  const plan = planColumns(source.columns, existing, changed);
  const expressions = plan.columns.map(({ expression }) => expression);
  // The user's own SQL is not understood, or a function of pgvector is missing: known before anything is made.
  await session.query(selectRows(expressions, { ...source.rows, limit: 0 })).catch((error: unknown) => {
    throw asUsage(error, source.flags);
  });
  // What a table held goes with the first rows, and stays where there are none.
  return { ...plan, byRanges: !truncate && !needsStaging(options, existing) && to.maxLanes > 1 };
}
