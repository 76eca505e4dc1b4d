import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { inBlocks, onlyTable, queryAsSource, type RowSource, selectRows } from '../../sql/export.ts';
import { type LeafTable, leafTables, serverVersionNumber } from '../../sql/snapshot.ts';
import type { TableDescription } from '../tables.ts';
import { quotedNames, type Source } from './source.ts';

/** Rows that one lane reads at a time; their order is the file's. */
export interface Range extends RowSource {
  /**
   * The same rows come in the same order whenever it is read at this moment. Not so with conditions: what they mean may
   * differ each time, as `now()` does, and how they are met decides the order.
   */
  repeatable: boolean;
}

/** Bytes of the table a range: enough that its COPY's beginning does not count, little enough to be held in memory. */
export const rangeLength = 8 * 2 ** 20;
/** The first PostgreSQL that reads a range of ctid without reading all the table. */
const firstWithRanges = 140_000;

/**
 * Splits the rows along the table's blocks, partition by partition; the last range of each table is open, for blocks that
 * come while the sizes are read. Where rows cannot be had so, there is one range: views, queries, an order or a limit,
 * foreign and temporary tables, other storage than the heap, partitions that the role cannot read, or that policies of
 * their own or of the table above guard.
 * Within the transaction that holds the lock and the snapshot.
 */
export async function planRanges(session: Session, source: Source, reporter: Reporter): Promise<Range[]> {
  const { table, rows } = source;
  const whole = [oneRange(source)];
  if (table === undefined) return whole;
  const leaves = (await session.query<LeafTable>(leafTables(table.oid))).rows;
  warnOfForeign(leaves, reporter);
  const isAlone = leaves.length === 1 && table.kind !== 'partitioned table';
  const canSplit =
    rows.orderBy === undefined &&
    rows.limit === undefined &&
    leaves.every(({ isPlain, isReadable }) => isPlain && isReadable) &&
    (isAlone || !table.rowSecurity) &&
    (await versionOf(session)) >= firstWithRanges;
  if (!canSplit) return whole;
  return leaves.flatMap((leaf) => rangesOf(leaf, table, rows));
}

/** An order or a limit is the inner query's, so that it means the columns and not what they are sent as. */
function oneRange({ columns, rows }: Source): Range {
  if (rows.orderBy === undefined && rows.limit === undefined) return { ...rows, repeatable: false };
  const names = columns.map(({ name }) => name);
  const from = queryAsSource(selectRows(quotedNames(columns), rows), names);
  return { from, where: [], repeatable: false };
}

function rangesOf(
  { schema, name, blocks, bytes }: LeafTable,
  table: TableDescription,
  { where }: RowSource,
): Range[] {
  const count = Math.max(1, Math.min(blocks, Math.round(bytes / rangeLength)));
  const repeatable = where.length === 0 && !table.rowSecurity;
  // Behind an alias a condition could not name the schema too.
  const isTable = schema === table.schema && name === table.name;
  const from = onlyTable(schema, name, isTable ? undefined : table.name);
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((blocks * i) / count);
    const end = i === count - 1 ? undefined : Math.floor((blocks * (i + 1)) / count);
    return { from, where: [inBlocks(table.name, first, end), ...where], repeatable };
  });
}

function warnOfForeign(leaves: readonly LeafTable[], reporter: Reporter): void {
  const foreign = leaves.filter(({ kind }) => kind === 'f').map(({ name }) => name);
  if (foreign.length === 0) return;
  reporter.warn(`${foreign.join(', ')}: a foreign table, whose rows may be of another moment than the rest`);
}

async function versionOf(session: Session): Promise<number> {
  return (await session.query<{ version: number }>(serverVersionNumber)).rows[0]!.version;
}
