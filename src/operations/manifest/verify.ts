import type { Database, Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import type { RowSource } from '../../sql/export.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { asUsage } from '../export/source.ts';
import {
  type ColumnDescription,
  describeQuery,
  describeTable,
  findTable,
  type TableDescription,
} from '../tables.ts';
import { type CheckedFile, checkFiles } from './check-files.ts';
import { describeTableFor } from './describe-table.ts';
import { differences } from './differences.ts';
import { type Digested, digest } from './digest.ts';
import type { Manifest } from './manifest.ts';
import type { FoundManifest } from './read-manifest.ts';

/** How a database compares with a manifest. */
export interface Verification {
  database: string;
  table: string;
  manifest: string;
  same: boolean;
  /** What differs, a line each. */
  differences: string[];
  rows: { manifest: number; database: number | null };
  /** Those that are not beside the manifest any more are no difference. */
  files: CheckedFile[];
}

/**
 * Compares a table with what a manifest says: its columns, constraints and indexes, how many rows it has and what they
 * hold, in one snapshot; and the files that are beside the manifest.
 * @param tableName undefined: the one that the manifest names
 * @throws UsageError where there is no such table
 */
export async function verifyManifest(
  database: Database,
  found: FoundManifest,
  tableName: string | undefined,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Verification> {
  const { manifest, name } = found;
  const files = await checkFiles(found, reporter, signal);
  reporter.progress({ phase: 'comparing rows' });
  const compared = await database.transaction(async (session) => {
    await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return manifest.selection.from === null
      ? compareTable(session, manifest, await tableOf(session, manifest, tableName))
      : compareQuery(session, manifest, manifest.selection.from);
  });
  const changed = files.filter(({ status }) => status === 'changed');
  const all = [...compared.differences, ...changed.map((file) => `file ${file.path} ${file.problem}`)];
  return {
    database: database.target.description,
    table: compared.table,
    manifest: name,
    same: all.length === 0,
    differences: all,
    rows: { manifest: manifest.rows, database: compared.rows },
    files,
  };
}

interface Compared {
  table: string;
  differences: string[];
  /** Null where they cannot be counted as the manifest's were. */
  rows: number | null;
}

async function tableOf(
  session: Session,
  { table: { schema, name } }: Manifest,
  wanted: string | undefined,
): Promise<TableDescription> {
  if (wanted !== undefined) return findTable(session, wanted);
  const same = await describeTable(session, quoteQualified(schema ?? undefined, name));
  return same ?? findTable(session, quoteQualified(undefined, name));
}

async function compareTable(
  session: Session,
  manifest: Manifest,
  table: TableDescription,
): Promise<Compared> {
  const { selection, columns } = manifest;
  const found = await describeTableFor(session, table, selection.columns);
  const lines = differences(manifest.table, found);
  const present = columns.flatMap((name) => table.columns.filter((column) => column.name === name));
  if (present.length < columns.length) return { table: table.name, differences: lines, rows: null };
  // Conditions may call the table by the name it had.
  const from = `${quoteQualified(table.schema, table.name)} AS ${quoteName(manifest.table.name)}`;
  const rows = await digestSelected(session, manifest, present, from);
  return {
    table: table.name,
    differences: [...lines, ...rowDifferences(manifest, rows)],
    rows: rows.rows,
  };
}

async function compareQuery(session: Session, manifest: Manifest, from: string): Promise<Compared> {
  const columns = await describeQuery(session, `SELECT * FROM ${from}`).catch((error: unknown) => {
    throw asUsage(error, [`the manifest's query`]);
  });
  const rows = await digestSelected(session, manifest, columns, from);
  return {
    table: manifest.table.name,
    differences: rowDifferences(manifest, rows),
    rows: rows.rows,
  };
}

async function digestSelected(
  session: Session,
  { selection }: Manifest,
  columns: readonly ColumnDescription[],
  from: string,
): Promise<Digested> {
  const { where, orderBy, limit } = selection;
  const rows: RowSource = { from, where, orderBy: orderBy ?? undefined, limit: limit ?? undefined };
  return digest(session, columns, rows).catch((error: unknown) => {
    throw asUsage(error, [`the manifest's conditions`]);
  });
}

function rowDifferences({ rows, digest: told }: Manifest, found: Digested): string[] {
  const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
  if (found.rows !== rows) return [`there are ${count(found.rows)}, the manifest has ${count(rows)}`];
  if (told === null || told.rows === found.digest.rows) return [];
  const columns = Object.keys(told.columns).filter(
    (column) => told.columns[column] !== found.digest.columns[column],
  );
  return [
    columns.length === 0
      ? 'the rows differ: they hold the same values, put together otherwise'
      : `the rows differ in ${columns.join(', ')}`,
  ];
}
