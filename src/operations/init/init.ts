import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { createTable, isUnlogged } from '../../sql/create-table.ts';
import { type Extension, ensureExtension, findVectorExtension } from '../extension.ts';
import { createVectorIndex } from '../index-create/index-create.ts';
import type { IndexRequest } from '../index-create/request.ts';
import { ensureLedger, ledgerAccess } from '../ledger/ledger.ts';
import { describeTable, findTable, type TableDescription } from '../tables.ts';
import { differences } from './differences.ts';
import { grantIngest, missingGrants, requireRole } from './grant.ts';
import { columnsToIndex, missingIndexes, requireIndexable, requireMadeEmpty } from './index-plan.ts';
import { type TablePlan, tableDefinition } from './plan.ts';

export interface InitRequest {
  /** `[schema.]name`; undefined: the extension and the ledger alone. */
  table: string | undefined;
  /** What the table has to have; undefined: it has to be there, as it is. */
  plan: TablePlan | undefined;
  /** An index on each vector column. */
  index: IndexRequest | undefined;
  /** A role that may ingest into the table, or else into tables of its own making. */
  grant?: string | undefined;
}

export interface InitSummary {
  extension: Extension;
  /** What was not there yet: `extension vector 0.8.0`, `ledger`, `table docs`, `index docs_embedding_hnsw_cosine`. */
  created: string[];
  /** What the role did not have yet: `SELECT, INSERT, UPDATE on table docs`. */
  granted: string[];
}

/**
 * Makes what is asked for and not there yet: the extension, the ledger, the table, its indexes; and gives a role what it
 * needs to ingest. Run again, it finds all that and does nothing. A table that is there is never changed.
 * @throws UsageError where a table of that name is there and differs, or has to be made without known dimensions
 */
export async function init(
  database: Database,
  request: InitRequest,
  reporter: Reporter,
): Promise<InitSummary> {
  if (request.index !== undefined) requireIndexable(request.plan, request.index);
  const present = request.table === undefined ? undefined : await describeTable(database, request.table);
  if (request.table !== undefined && present === undefined) requireMakeable(request.table, request);
  if (request.grant !== undefined) await requireRole(database, request.grant);
  const created: string[] = [];
  const report = (what: string) => {
    created.push(what);
    reporter.note(`created ${what}`);
  };
  const before = await findVectorExtension(database);
  const extension = before ?? (await ensureExtension(database));
  if (before === undefined) report(`extension vector ${extension.version}`);
  if (await makeLedger(database, request, reporter)) report('ledger');
  if (request.table !== undefined) {
    const made = await ensureTable(database, request.table, request.plan, extension, present);
    if (made) report(`table ${request.table}`);
    for (const index of await ensureIndexes(database, request.table, request, made, reporter)) {
      report(`index ${index}`);
    }
  }
  return { extension, created, granted: await giveRights(database, request, extension, reporter) };
}

/**
 * True: made; false: it was there already, or cannot be made, which is a warning: rows are loaded without it too.
 * @throws DatabaseError where it cannot be made, and a role is to be let in
 */
async function makeLedger(database: Database, { grant }: InitRequest, reporter: Reporter): Promise<boolean> {
  if ((await ledgerAccess(database)) !== 'missing') return false;
  if ((await ensureLedger(database)) === 'ready') return true;
  const message = 'the role may not create the ledger (schema pgv)';
  const hint = 'let the owner of the database run `pgv init` once';
  if (grant !== undefined) throw new DatabaseError(message, { code: 'permission', sqlstate: '42501', hint });
  reporter.warn(`${message}, without which a load is not safe to repeat: ${hint}`);
  return false;
}

async function giveRights(
  database: Database,
  { grant, table }: InitRequest,
  extension: Extension,
  reporter: Reporter,
): Promise<string[]> {
  if (grant === undefined) return [];
  const into = table === undefined ? undefined : await findTable(database, table);
  const granted = await database.transaction((session) => grantIngest(session, grant, into, extension));
  for (const what of granted) reporter.note(`granted ${what} to ${grant}`);
  return granted;
}

/** In what the database falls short of the request, a line each; empty where there is nothing to do. */
export async function checkInit(session: Session, request: InitRequest): Promise<string[]> {
  const { table, index, plan, grant } = request;
  if (index !== undefined) requireIndexable(plan, index);
  if (grant !== undefined) await requireRole(session, grant);
  const extension = await findVectorExtension(session);
  const found = extension === undefined ? ['extension vector is not created'] : [];
  const hasLedger = (await ledgerAccess(session)) !== 'missing';
  if (!hasLedger) found.push('the ledger (schema pgv) is not created');
  const present = table === undefined ? undefined : await describeTable(session, table);
  if (table !== undefined) found.push(...(await checkTable(session, table, request, present, extension)));
  if (grant !== undefined && extension !== undefined && hasLedger) {
    const missing = await missingGrants(session, grant, present, extension);
    found.push(...missing.map((what) => `role ${grant} lacks ${what}`));
  }
  return found;
}

async function checkTable(
  session: Session,
  table: string,
  { plan, index }: InitRequest,
  present: TableDescription | undefined,
  extension: Extension | undefined,
): Promise<string[]> {
  if (present === undefined) return [`table ${table} does not exist`];
  const lines = plan === undefined ? [] : await tableDifferences(session, plan, present);
  // The indexes of a table that is another one are of no interest.
  if (index !== undefined && extension !== undefined && lines.length === 0) {
    lines.push(...(await missingIndexes(session, present, plan, index, extension)));
  }
  return lines.map((line) => `table ${table}: ${line}`);
}

/** The names of the indexes that were not there yet. */
async function ensureIndexes(
  database: Database,
  name: string,
  { plan, index }: InitRequest,
  isNew: boolean,
  reporter: Reporter,
): Promise<string[]> {
  if (index === undefined) return [];
  const table = await findTable(database, name);
  const made: string[] = [];
  for (const column of columnsToIndex(table, plan)) {
    // Nobody waits for a table that nobody knew.
    const options = { ...index, table: name, vectorColumn: column.name, concurrently: !isNew };
    const summary = await createVectorIndex(database, options, reporter);
    if (summary.created) made.push(summary.index);
  }
  return made;
}

/** @throws UsageError where a new table cannot be what is asked for */
function requireMakeable(name: string, { plan, index }: InitRequest): void {
  requirePlan(name, plan);
  if (index !== undefined) requireMadeEmpty(index);
}

/** True: made; false: it was there already, with all that the plan has. */
async function ensureTable(
  session: Session,
  name: string,
  plan: TablePlan | undefined,
  extension: Extension,
  present: TableDescription | undefined,
): Promise<boolean> {
  if (present !== undefined) {
    if (plan !== undefined) await requireSame(session, name, plan, present);
    return false;
  }
  try {
    await session.query(createTable(tableDefinition(requirePlan(name, plan), extension.schema)));
    return true;
  } catch (error) {
    // Another init was faster: its table counts, if it is the same.
    const rival = isDuplicate(error) ? await describeTable(session, name) : undefined;
    if (rival === undefined) throw error;
    return ensureTable(session, name, plan, extension, rival);
  }
}

/** @throws UsageError where a table cannot be made of it */
export function requirePlan(name: string, plan: TablePlan | undefined): TablePlan {
  if (plan?.columns.some((column) => column.dimensions !== undefined)) return plan;
  throw new UsageError(`table ${name} does not exist, and a new table needs dimensions`, {
    code: 'no-dimensions',
    hint: "add --dimensions <n>, the length of your model's vectors, such as 384, 768 or 1536",
  });
}

async function requireSame(
  session: Session,
  name: string,
  plan: TablePlan,
  present: TableDescription,
): Promise<void> {
  const lines = await tableDifferences(session, plan, present);
  if (lines.length === 0) return;
  throw new UsageError(`table ${name} exists already and differs: ${lines.join('; ')}`, {
    code: 'table-differs',
    hint: 'an existing table is not changed: ALTER TABLE it, ask for what it has, or choose another name',
  });
}

async function tableDifferences(
  session: Session,
  plan: TablePlan,
  present: TableDescription,
): Promise<string[]> {
  const { rows } = await session.query<{ unlogged: boolean }>(isUnlogged(present.oid));
  return differences(plan, present, rows[0]?.unlogged ?? false);
}

/** The table (42P07), or its row type (23505, 42710) where the two creations overlapped. */
function isDuplicate(error: unknown): boolean {
  return error instanceof PgvError && ['42P07', '42710', '23505'].includes(error.sqlstate ?? '');
}
