import type { Database } from '../../src/database/database.ts';
import type { VacuumRequest } from '../../src/operations/vacuum/options.ts';
import { type PlannedVacuum, planVacuum, vacuumStatements } from '../../src/operations/vacuum/plan.ts';
import { requireMayVacuum } from '../../src/operations/vacuum/rights.ts';
import { hasFailed, takeTurns } from '../../src/operations/vacuum/turns.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type PreviewFlags, printStatements } from '../statements.ts';
import { plannedLines } from './lines.ts';

export type VacuumFlags = VacuumRequest & PreviewFlags;

/** What --sql and --dry-run show. @param table undefined: all with vectors, one that fails among them told of */
export async function previewVacuum(
  context: Context<VacuumFlags>,
  database: Database,
  table: string | undefined,
): Promise<ExitCode> {
  const { options, output, reporter } = context;
  const turns = await takeTurns(
    database,
    table,
    async (name) => {
      const planned = await planVacuum(database, name, options);
      // The statements may be for somebody else to run.
      if (!options.sql && planned.needed && planned.before !== undefined)
        await requireMayVacuum(database, { oid: planned.table.oid, name });
      return { planned, statements: options.sql ? await vacuumStatements(database, planned, options) : [] };
    },
    reporter,
  );
  const done = turns.flatMap((turn) => ('done' in turn ? [turn.done] : []));
  if (options.sql) {
    await printStatements(
      context,
      done.flatMap(({ statements }) => statements),
    );
  } else if (output.json) {
    const tables = turns.map((turn) =>
      'done' in turn
        ? documentOf(turn.done.planned)
        : { table: turn.table, ...turn.failed, due: null, before: null, indexes: [] },
    );
    await output.document({ database: database.target.description, dryRun: true, tables });
  } else {
    for (const { planned } of done)
      for (const line of plannedLines(planned, options.reindex === true)) reporter.note(line);
  }
  return hasFailed(turns) ? exitCodes.database : exitCodes.done;
}

function documentOf({ name, needed, due, before, advice }: PlannedVacuum) {
  return {
    table: name,
    status: before === undefined ? 'skipped' : needed ? 'would-vacuum' : 'not-needed',
    error: null,
    due,
    before: before?.condition ?? null,
    indexes: advice.map(({ index, rebuild, drop, reason }) => ({
      index: index.shown,
      rebuild,
      drop,
      reason,
    })),
  };
}
