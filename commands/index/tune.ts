import { type Command, InvalidArgumentError } from 'commander';
import { PgvError, UsageError } from '../../src/errors.ts';
import {
  type ApplyTo,
  applyRecommendation,
  readApplyTo,
  requireMayApply,
} from '../../src/operations/index-tune/apply.ts';
import { buildName } from '../../src/operations/index-tune/curves.ts';
import type { TuneResult } from '../../src/operations/index-tune/result.ts';
import { tuneIndex } from '../../src/operations/index-tune/tune.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { addConnectionOptions, addDirectUrl, addExamples, addTableOptions } from '../options.ts';
import { hasUnicode } from '../output/color.ts';
import { errorDocument } from '../output/error.ts';
import { plotLines, type RecallPlot } from '../output/plot.ts';
import { addQueryOptions, type QueryFlags, querySource, share } from './query-options.ts';
import { reportFile, writeReport } from './report-file.ts';
import { buildsPlot, sweepPlot } from './tune-plot.ts';
import { buildTable, sweepTable, verdict } from './tune-tables.ts';

interface TuneFlags extends QueryFlags {
  targetRecall: number;
  role?: string;
  builds?: true;
  report?: string;
  apply?: ApplyTo;
  dryRun?: true;
}

export function configure(command: Command): Command {
  addQueryOptions(
    addDirectUrl(addConnectionOptions(addTableOptions(command))).argument(
      '[name]',
      'the index (default: the only one)',
    ),
  )
    .option('--target-recall <r>', 'the share of the nearest rows that searches are to find', share, 0.95)
    .option('--role <role>', 'compare with the settings that this role has')
    .option('--builds', 'also build other indexes on a sample: m, ef_construction, lists, halfvec, binary')
    .option('--report <file.html>', 'write a page with the curves, the recommendation and the method')
    .option(
      '--apply <whom>',
      'set the recommendation for new sessions of role (your own), role:<name> or database; exit 1 where there is none',
      whom,
    )
    .option('--dry-run', 'with --apply: measure, tell the statements that would set it, and set nothing')
    .action(
      action<TuneFlags, [string | undefined]>(
        { writes: ({ apply, dryRun }) => apply !== undefined && !dryRun, needsSession: true },
        run,
      ),
    );
  return addExamples(command, [
    'pgv index tune',
    'pgv index tune docs_embedding_hnsw_cosine -k 20 --target-recall 0.98 --report tune.html',
    'pgv index tune --where "section = \'games\'" --apply role:app',
    'pgv index tune --apply database --dry-run',
    'pgv index tune --builds --queries queries.npy --json',
  ]);
}

async function run(context: Context<TuneFlags>, name: string | undefined): Promise<ExitCode | undefined> {
  const { options, output, reporter, signal, io } = context;
  const {
    limit: k,
    targetRecall,
    where,
    tenant,
    tenantColumn,
    role,
    vectorColumn,
    builds,
    apply,
    dryRun,
  } = options;
  if (dryRun && apply === undefined) {
    throw new UsageError('--dry-run goes with --apply: without it nothing is set', {
      hint: 'add --apply role, role:<name> or database',
    });
  }
  const report = options.report === undefined ? undefined : await reportFile(options.report, io.cwd);
  const source = await querySource(context);
  const database = await context.database();
  if (apply !== undefined) await requireMayApply(database, apply);
  const searches = { k, where, tenant, tenantColumn };
  const asked = {
    ...source,
    ...searches,
    index: name,
    table: context.table,
    vectorColumn,
    targetRecall,
    role,
    builds,
  };
  const result = await tuneIndex(database, asked, reporter, signal);
  if (report !== undefined) {
    await writeReport(report, result, database);
    reporter.note(`wrote ${report.path}`);
  }
  if (!output.json) {
    await show(context, result);
    reporter.note(verdict(result));
  }
  try {
    const applied =
      apply === undefined ? undefined : await applyRecommendation(database, result, apply, reporter, dryRun);
    if (output.json) {
      await output.document(dryRun ? { ...result, dryRun, wouldApply: applied } : { ...result, applied });
    }
    for (const statement of applied?.statements ?? [])
      reporter.note(`${dryRun ? 'would apply' : 'applied'}: ${statement}`);
    return apply !== undefined && applied === undefined ? exitCodes.no : undefined;
  } catch (error) {
    if (!output.json || !(error instanceof PgvError)) throw error;
    // The one document holds what was measured too.
    reporter.warn(`nothing is applied: ${error.message}`);
    await output.document({ ...result, ...errorDocument(error) });
    return exitCodeOf(error);
  }
}

async function show(context: Context<TuneFlags>, result: TuneResult): Promise<void> {
  const { output, reporter } = context;
  const sweep = sweepTable(result);
  await output.table(sweep.columns, sweep.rows);
  await showPlot(context, sweepPlot(result));
  if (result.builds === undefined) return;
  const failed = result.failedBuilds ?? [];
  const builds = buildTable(result.builds, failed);
  await output.write('\n');
  await output.table(builds.columns, builds.rows);
  for (const build of failed) reporter.warn(`${buildName(build)} cannot be built: ${build.reason}`);
  await showPlot(context, buildsPlot(result));
}

/** A plot is for people: nothing is drawn where nobody looks. */
async function showPlot({ output, io }: Context<TuneFlags>, plot: RecallPlot | undefined): Promise<void> {
  if (plot === undefined || !output.isTerminal) return;
  const width = Math.min(100, io.stdout.columns ?? 80);
  const lines = plotLines(plot, { width, height: 14, unicode: hasUnicode(io.env), style: output.style });
  if (lines.length > 0) await output.write(`\n${lines.join('\n')}\n`);
}

function whom(text: string): ApplyTo {
  const to = readApplyTo(text);
  if (to !== undefined) return to;
  throw new InvalidArgumentError('It must be role, role:<name> or database.');
}
