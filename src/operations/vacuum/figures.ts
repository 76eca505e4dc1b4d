import type { Database } from '../../database/database.ts';
import { countRows } from '../../sql/indexes.ts';
import { type VacuumFigures, vacuumFigures } from '../../sql/maintenance.ts';

/**
 * What tells whether a table, or each part of a partitioned one, should be vacuumed. An embedded database forgets its
 * counters when it is closed: there the rows are counted, and what its pages had room for besides is taken for dead.
 */
export async function figuresOf(database: Database, table: { oid: number }): Promise<VacuumFigures[]> {
  const embedded = database.target.kind === 'embedded';
  // Its one session tells of what it changed once a second at most; those of a server do when they go idle, or end.
  if (embedded) await database.query('SELECT pg_catalog.pg_stat_force_next_flush()');
  const { rows } = await database.query<VacuumFigures>(vacuumFigures(table.oid));
  if (!embedded) return rows;
  const figures: VacuumFigures[] = [];
  for (const row of rows) figures.push(row.counted ? row : await estimate(database, row));
  return figures;
}

async function estimate(database: Database, figures: VacuumFigures): Promise<VacuumFigures> {
  const { schema, table, rowsThen, roomNow } = figures;
  const { rows } = await database.query<{ rows: number }>(countRows({ schema, name: table }));
  const liveRows = rows[0]!.rows;
  const deadRows = Math.max(0, roomNow - liveRows);
  const changedRows = Math.max(deadRows, Math.abs(liveRows - rowsThen));
  return { ...figures, counted: true, liveRows, deadRows, changedRows };
}
