import type { Database, Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { indexFacts } from '../../sql/manifest.ts';
import { cancellable } from '../cancellable.ts';
import { inOneMoment, type Moment } from '../export/moment.ts';
import { planRanges } from '../export/ranges.ts';
import { ingest } from '../ingest/ingest.ts';
import type { IngestOptions } from '../ingest/ingest-options.ts';
import type { TableMaker } from '../ingest/new-table.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import { makeTableAgain } from '../manifest/make-table.ts';
import { describeTable, type TableDescription } from '../tables.ts';
import { changedTable } from './changed-table.ts';
import { inWordsOfCopy } from './errors.ts';
import { lanesOf } from './lanes.ts';
import type { CopyOptions } from './options.ts';
import { type CopyPlan, planCopy } from './plan-copy.ts';
import { moveSequences } from './sequences.ts';
import { type Subject, subjectOf } from './subject.ts';
import { tableInput } from './table-input.ts';
import { refuseSameTable } from './target.ts';

/** What was copied. */
export interface CopySummary
  extends Pick<
    IngestSummary,
    | 'rows'
    | 'inserted'
    | 'updated'
    | 'unchanged'
    | 'skipped'
    | 'bytes'
    | 'seconds'
    | 'rowsPerSecond'
    | 'loadId'
    | 'lanes'
  > {
  /** Where the rows went: the same as `to`. */
  database: string;
  from: string;
  to: string;
  fromTable: string;
  table: string;
  /** The moment's name on the server that the rows come from; null where that is an embedded database. */
  snapshot: string | null;
  /** Names of the table's indexes, those of its constraints apart. */
  indexes: string[];
}

/** A copy at work. */
interface Copy {
  from: Database;
  to: Database;
  subject: Subject;
  options: CopyOptions;
  reporter: Reporter;
  signal: AbortSignal;
}

/**
 * Copies a table's rows, as they are at one moment, into a table of another database, which is made where it is not there
 * yet, with its keys and indexes. It is a load whose file is a table: stored once, whatever is interrupted when. A copy
 * that was killed begins again, as its moment is over: in the table that it had made itself, which is made anew.
 * @param to another connection than `from`, whatever they lead to
 * @throws UsageError, DataError, DatabaseError; what was stored before is said in the hint
 */
export async function copyTable(
  from: Database,
  to: Database,
  options: CopyOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<CopySummary> {
  const started = performance.now();
  const subject = await cancellable(from, signal, () => subjectOf(from, options));
  const copy: Copy = { from, to, subject, options, reporter, signal };
  const existing = await cancellable(to, signal, () => describeTable(to, subject.toTable));
  await refuseSameTable(from, subject.table, to, existing);
  let loaded: { summary: IngestSummary; moment: Moment } | undefined;
  try {
    await cancellable(from, signal, () =>
      inOneMoment(from, subject.table, async (session, moment) => {
        loaded = { summary: await load(copy, session, moment), moment };
      }),
    );
  } catch (error) {
    // The rows are there, however the transaction that held their moment ended.
    if (loaded === undefined) throw inWordsOfCopy(error);
  }
  return finish(copy, loaded!, started);
}

async function load(copy: Copy, session: Session, moment: Moment): Promise<IngestSummary> {
  const { from, to, subject, options, reporter, signal } = copy;
  const { source, table, name } = subject;
  const atMoment = {
    database: from,
    name,
    moment,
    ranges: await planRanges(session, source, reporter),
    lanes: lanesOf(from, to, options).reading,
    flags: source.flags,
    stallAfter: options.stallAfter,
  };
  let planned: Promise<CopyPlan> | undefined;
  const plan = () => {
    // The table as it is now: one that an interrupted copy had made is gone. Planned once, as later it holds rows.
    planned ??= describeTable(to, subject.toTable).then((existing) =>
      planCopy(session, to, subject, existing, options),
    );
    return planned;
  };
  reporter.note(`copying ${table.schema}.${table.name} from ${from.target.description}`);
  return ingest(
    to,
    [tableInput(atMoment, plan, reporter, signal)],
    loadOptions(copy),
    inRows(reporter, source.expectedRows),
    signal,
  );
}

function loadOptions({ subject, options, reporter }: Copy): IngestOptions {
  const { jobs, truncate, onConflict, key, atomic, columns, where, type, dimensions, normalize } = options;
  const { stallAfter, threads } = options;
  return {
    table: subject.toTable,
    maker: makerOf(subject, reporter),
    jobs,
    threads,
    truncate,
    onConflict,
    key,
    atomic,
    stallAfter,
    // For the ledger to tell; a copy has no other dialect.
    dialect: { copied: { columns, where, type, dimensions, normalize } },
    // Another moment has other rows, and what is there may have changed: nothing can be gone on with, or left at that.
    resumes: false,
    restart: true,
    ifLoaded: 'again',
  };
}

function makerOf({ told, changed, name, toTable }: Subject, reporter: Reporter): TableMaker {
  const making = { target: parseTableName(toTable), ledger: true, source: name };
  return {
    make: (session) => makeTableAgain(session, changedTable(told, changed, reporter), making, reporter),
    // That the columns fit was seen when they were planned.
    check: async () => {},
  };
}

/** Progress in rows, where about so many are to come. */
function inRows(reporter: Reporter, total: number | undefined): Reporter {
  return {
    ...reporter,
    progress: (progress) => {
      const { phase, rows = 0 } = progress;
      if (phase !== 'loading') return reporter.progress(progress);
      const share = total === undefined || rows > total ? {} : { done: rows, total };
      reporter.progress({ ...progress, phase: 'copying', ...share });
    },
  };
}

async function finish(
  { from, to, subject, reporter, signal }: Copy,
  { summary, moment }: { summary: IngestSummary; moment: Moment },
  started: number,
): Promise<CopySummary> {
  const { table: source, toTable } = subject;
  const { rows, inserted, updated, unchanged, skipped, bytes, loadId, lanes } = summary;
  const indexes = await cancellable(to, signal, async () => {
    const table = (await describeTable(to, toTable)) as TableDescription;
    const columns = subject.source.columns.map(({ name }) => name);
    await moveSequences(to, table, columns, reporter);
    return (await to.query<{ name: string }>(indexFacts(table.oid))).rows.map(({ name }) => name);
  });
  const seconds = (performance.now() - started) / 1000;
  return {
    database: to.target.description,
    from: from.target.description,
    to: to.target.description,
    fromTable: `${source.schema}.${source.name}`,
    table: summary.table,
    rows,
    inserted,
    updated,
    unchanged,
    skipped,
    bytes,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    loadId,
    lanes,
    snapshot: moment.snapshot ?? null,
    indexes,
  };
}
