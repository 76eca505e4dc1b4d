import type { Session, Statement } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { quoteName, type TableName } from '../../sql/identifiers.ts';
import { makeTable } from '../../sql/manifest-table.ts';
import { deferIndexes } from '../deferred-indexes/defer.ts';
import { requireVectorExtension } from '../extension.ts';
import type { TableMaker } from '../ingest/new-table.ts';
import { hasLedger } from '../ledger/ledger.ts';
import { withLocalSettings } from '../local-settings.ts';
import { currentSchema, describeTable } from '../tables.ts';
import { describeTableFor } from './describe-table.ts';
import type { Manifest, ManifestIndex, ManifestTable } from './manifest.ts';
import type { FoundManifest } from './read-manifest.ts';

/** The table that a manifest tells of, for a load of its files. @param ledger whether one is wanted */
export function tableMaker(
  { manifest, name: source }: FoundManifest,
  target: TableName,
  ledger: boolean,
  reporter: Reporter,
): TableMaker {
  const { table } = manifest;
  return {
    check: async (database, existing) => {
      const found = await database.transaction((session) => describeTableFor(session, existing, null));
      checkFits(found, table, source);
    },
    make: async (session) => {
      const made = await makeTableAgain(session, table, { target, ledger, source }, reporter);
      for (const line of leftOut(manifest)) reporter.warn(line);
      return made;
    },
  };
}

/** How a table is made again. */
export interface MakingAgain {
  target: TableName;
  /** Whether a ledger is wanted. */
  ledger: boolean;
  /** What tells of the table, for messages. */
  source: string;
}

/**
 * Makes a table as it is told of: its columns, keys and checks. Its other indexes are written down in the ledger, to be
 * built when the rows are there, as those that --defer-indexes drops; without a ledger they are made at once, but for
 * ivfflat, which is made from rows.
 * @param session a transaction
 * @returns what was made, as it is told to people
 */
export async function makeTableAgain(
  session: Session,
  table: ManifestTable,
  { target, ledger, source }: MakingAgain,
  reporter: Reporter,
): Promise<string> {
  const schema = target.schema ?? (await currentSchema(session)) ?? 'public';
  const deferred = ledger && (await hasLedger(session));
  const made = deferred ? table : withoutIvfflat(table, reporter);
  const { schema: extension } = await requireVectorExtension(session);
  const path = [...new Set([extension, schema, 'public'])].map(quoteName).join(', ');
  await withLocalSettings(session, { search_path: path }, async () => {
    for (const statement of statementsFor(made, { schema, name: target.name })) {
      await session.query(statement).catch((error: unknown) => {
        throw explain(error, source);
      });
    }
  });
  if (deferred) {
    const description = await describeTable(session, [schema, target.name].map(quoteName).join('.'));
    await deferIndexes(session, description!, 'manifest');
  }
  for (const line of notMadeAgain(table)) reporter.warn(line);
  return summaryOf(made);
}

/** The statements that make a table again, one after the other; without its foreign keys, as their tables may be missing. */
export function statementsFor(table: ManifestTable, target: { schema: string; name: string }): Statement[] {
  const constraints = table.constraints.filter(({ kind }) => kind !== 'foreign key');
  return makeTable(target, { ...table, constraints }, target.name === table.name);
}

/** @throws UsageError for a table that lacks columns, or has them of another type */
function checkFits(existing: ManifestTable, { columns }: ManifestTable, source: string): void {
  const differences = columns.flatMap(({ name, type }) => {
    const found = existing.columns.find((each) => each.name === name)?.type;
    if (found === undefined) return [`it has no ${name}`];
    return found === type ? [] : [`${name} is ${found}, not ${type}`];
  });
  if (differences.length === 0) return;
  throw new UsageError(`table ${existing.name} is not as ${source} has it: ${differences.join(', ')}`, {
    code: 'table-differs',
    hint: 'load into another table with -t, or the files by themselves',
  });
}

/** An ivfflat index takes its lists from the rows that are there. */
function withoutIvfflat(table: ManifestTable, reporter: Reporter): ManifestTable {
  const isIvfflat = ({ method }: ManifestIndex) => method === 'ivfflat';
  for (const { name, definition } of table.indexes.filter(isIvfflat)) {
    reporter.warn(
      `index ${name} is not made, as there is no ledger to remember it by until the rows are there: ${definition}`,
    );
  }
  return { ...table, indexes: table.indexes.filter((index) => !isIvfflat(index)) };
}

/** What of the exported table the files do not have, in a line; none where they have it whole. */
function leftOut({ table, selection }: Manifest): string[] {
  const part = [
    ...(selection.columns === null ? [] : ['some of the columns']),
    ...(selection.where.length === 0 && selection.limit === null ? [] : ['some of the rows']),
  ];
  if (part.length === 0 || selection.from !== null) return [];
  return [`the files hold ${part.join(' and ')} of ${table.name}`];
}

/** What of a table is not made again, a line each. */
function notMadeAgain({ name, partitionedBy, rowSecurity, constraints }: ManifestTable): string[] {
  const foreign = constraints.filter(({ kind }) => kind === 'foreign key').map((each) => each.name);
  return [
    ...(partitionedBy === null ? [] : [`${name} was cut by ${partitionedBy}, and is made as one table`]),
    ...(foreign.length === 0 ? [] : [`foreign keys are not made again: ${foreign.join(', ')}`]),
    ...(rowSecurity ? [`row security was on for ${name}, and its policies are not made again`] : []),
  ];
}

/** `5 columns, primary key, 2 indexes to come`. */
function summaryOf({ columns, constraints, indexes }: ManifestTable): string {
  return [
    `${columns.length} ${columns.length === 1 ? 'column' : 'columns'}`,
    ...constraints.map(({ kind }) => kind),
    ...(indexes.length === 0 ? [] : [`${indexes.length} ${indexes.length === 1 ? 'index' : 'indexes'}`]),
  ].join(', ');
}

/** What the database lacks for it is a matter of the database, of which the manifest cannot know. */
function explain(error: unknown, source: string): unknown {
  if (!(error instanceof PgvError)) return error;
  if (error.sqlstate === '3F000') return error.withHint('make the schema first, or name another table');
  if (error.sqlstate === '42704' || error.sqlstate === '42883') {
    return error.withHint(`${source} needs it: make it first, as it is there`);
  }
  if (error.sqlstate === '42501') return error; // no right to make a table, however it is
  if (error.sqlstate?.startsWith('42')) return error.withHint(`that is how ${source} has the table`);
  return error;
}
