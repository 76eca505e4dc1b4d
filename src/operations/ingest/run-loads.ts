import { PgvError } from '../../errors.ts';
import { describeTable, type TableDescription } from '../tables.ts';
import { type LoadPlan, reportDecision } from './plan-loads.ts';
import type { LoadResult, Run } from './run.ts';
import { runLoad } from './run-load.ts';

/**
 * Does the loads of a run one after another.
 * @param table the target as the plans were made for it
 * @throws what ends one of them, its hint telling what the loads before have stored
 */
export async function runLoads(
  run: Run,
  plans: readonly LoadPlan[],
  table: TableDescription | undefined,
): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (const [i, plan] of plans.entries()) {
    reportDecision(plan, run.reporter);
    try {
      // The load before may have made it.
      const found = i === 0 ? table : await describeTable(run.database, run.options.table);
      // The first load that has something to do looks at all that come after it.
      const looked = results.some(({ status }) => status !== 'already-loaded');
      results.push(await runLoad(run, plan, found, looked ? [] : plans.slice(i + 1)));
    } catch (error) {
      throw besideStored(error, results, run.ledger);
    }
  }
  return results;
}

/** An error, and what the run's loads before it have stored, which stays. */
function besideStored(error: unknown, results: readonly LoadResult[], ledger: boolean): unknown {
  const stored = results.filter(({ status, inserted }) => status !== 'already-loaded' && inserted > 0);
  if (!(error instanceof PgvError) || stored.length === 0) return error;
  const rows = stored.reduce((sum, { inserted }) => sum + inserted, 0);
  const [{ files, table }] = stored as [LoadResult];
  const one = stored.length === 1;
  const what = one ? `${files[0]!.path} is` : `${stored.length} files before it are`;
  const them = one ? 'it' : 'them';
  const onward = ledger
    ? `the same command leaves ${them} at that, one with other options must leave ${them} out`
    : `leave ${them} out of the next command`;
  const told = `${what} stored in ${table.shown} already (${rows.toLocaleString('en')} row${rows === 1 ? '' : 's'}): ${onward}`;
  return error.withHint(error.hint === undefined ? told : `${error.hint}; ${told}`);
}
