import type { ColumnDescription, TableDescription } from '../tables.ts';
import { type PlannedColumn, type TablePlan, typeName } from './plan.ts';

/**
 * In what a table falls short of the plan, a line each; empty where all that is planned is there. What it has
 * besides is its own business.
 */
export function differences(plan: TablePlan, table: TableDescription, unlogged: boolean): string[] {
  const found: string[] = [];
  if (table.kind !== 'table' && table.kind !== 'partitioned table') found.push(`it is a ${table.kind}`);
  for (const column of plan.columns) {
    const present = table.columns.find(({ name }) => name === column.name);
    const difference = present === undefined ? 'is missing' : columnDifference(column, present);
    if (difference !== undefined) found.push(`column ${column.name} (${typeName(column)}) ${difference}`);
  }
  const key = plan.columns.filter((column) => column.primaryKey).map(({ name }) => name);
  if (key.join() !== table.primaryKey.join()) {
    const actual = table.primaryKey.length > 0 ? table.primaryKey.join(', ') : 'none';
    found.push(`the primary key is ${actual}, not ${key.join(', ')}`);
  }
  if (plan.unlogged && !unlogged) found.push('it is logged, not unlogged');
  return found;
}

function columnDifference(planned: PlannedColumn, present: ColumnDescription): string | undefined {
  const same =
    planned.dimensions === undefined
      ? present.base.schema === 'pg_catalog' && present.base.name === planned.type
      : present.vector === planned.type && present.dimensions === planned.dimensions;
  if (!same) return `is ${present.declared}`;
  if (planned.notNull && !present.notNull) return 'may be NULL';
  return undefined;
}
