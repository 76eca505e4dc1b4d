import type { Session } from '../../../database/database.ts';
import { UsageError } from '../../../errors.ts';
import { inKeyRange, keyBounds, type RangeKey } from '../../../sql/key-ranges.ts';
import { type LeafTable, leafTables } from '../../../sql/snapshot.ts';
import type { TableDescription } from '../../tables.ts';
import { type Range, rangeLength } from '../ranges.ts';
import type { Source } from '../source.ts';

/** Rows a range where nothing is known of their size. */
const usualRows = 10_000;

/**
 * The key by which an export can be gone on with later: rows keep it, while they change their place with every update.
 * @throws UsageError where there is none
 */
export function resumableKey({ table, rows }: Source): RangeKey {
  const refuse = (why: string) =>
    new UsageError(`--resume ${why}`, {
      hint: 'leave --resume out: the export begins at the beginning then',
    });
  if (table === undefined) throw refuse('goes by the primary key of a table, which --query has not');
  if (rows.orderBy !== undefined || rows.limit !== undefined) {
    throw refuse('goes by the primary key, not together with --order-by, --limit or --sample');
  }
  const [name, ...more] = table.primaryKey;
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined || more.length > 0) {
    throw refuse(`needs a primary key of one column, which ${table.shown} has not`);
  }
  return { name: column.name, declared: column.declared };
}

/** Where the ranges of the key end, but for the last, as text. */
export async function findBounds(session: Session, source: Source, key: RangeKey): Promise<string[]> {
  const rowsPerRange = await rowsPerRangeOf(session, source.table!);
  // Without the conditions, which may take long, while the key's index has the keys alone at hand.
  const everything = { from: source.rows.from, where: [] };
  const { rows } = await session.query<{ bound: string }>(keyBounds(everything, key, rowsPerRange));
  return rows.map(({ bound }) => bound);
}

/** All ranges, the last one without an end: what comes later has a place too. */
export function keyRanges(source: Source, key: RangeKey, bounds: readonly string[]): Range[] {
  const repeatable = source.rows.where.length === 0 && !source.table!.rowSecurity;
  return Array.from({ length: bounds.length + 1 }, (_, i) => ({
    ...inKeyRange(source.rows, key, bounds[i - 1], bounds[i]),
    repeatable,
  }));
}

async function rowsPerRangeOf(session: Session, table: TableDescription): Promise<number> {
  const { rows } = await session.query<LeafTable>(leafTables(table.oid));
  const bytes = rows.reduce((sum, leaf) => sum + Number(leaf.bytes), 0);
  if (table.estimatedRows === null || bytes === 0) return usualRows;
  return Math.max(100, Math.round((table.estimatedRows * rangeLength) / bytes));
}
