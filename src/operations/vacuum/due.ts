import type { Database } from '../../database/database.ts';
import type { VacuumFigures } from '../../sql/maintenance.ts';
import { figuresOf } from './figures.ts';

/** Whether a table, or a part of it, has come to where autovacuum would see to it. */
export interface Due {
  due: boolean;
  /** Why, or how far it is from that: `120 of 5,050 dead rows`. */
  reason: string;
  deadRows: number;
  deadLimit: number;
  changedRows: number;
  changedLimit: number;
}

/** By the formulas of autovacuum; where a server's counters have begun again, it is due. */
export async function vacuumDue(database: Database, table: { oid: number }): Promise<Due> {
  const rows = await figuresOf(database, table);
  const reasons = rows.flatMap((figures) => {
    const reason = reasonOf(figures);
    return reason === undefined ? [] : [rows.length === 1 ? reason : `${figures.table}: ${reason}`];
  });
  const sum = (figure: 'deadRows' | 'deadLimit' | 'changedRows' | 'changedLimit') =>
    Math.round(rows.reduce((total, row) => total + row[figure], 0));
  const figures = {
    deadRows: sum('deadRows'),
    deadLimit: sum('deadLimit'),
    changedRows: sum('changedRows'),
    changedLimit: sum('changedLimit'),
  };
  return { due: reasons.length > 0, reason: reasons[0] ?? restOf(figures), ...figures };
}

function reasonOf({ counted, analyzed, ...figures }: VacuumFigures): string | undefined {
  const { deadRows, deadLimit, changedRows, changedLimit } = figures;
  if (!analyzed) return 'it was never analysed';
  if (!counted) return 'nobody has counted its dead rows since the counters began';
  if (deadRows > deadLimit) return `${number(deadRows)} dead rows, more than ${number(deadLimit)}`;
  if (changedRows > changedLimit)
    return `${number(changedRows)} rows changed since the last ANALYZE, more than ${number(changedLimit)}`;
  return undefined;
}

function restOf({ deadRows, deadLimit, changedRows, changedLimit }: Omit<Due, 'due' | 'reason'>): string {
  return `${number(deadRows)} of ${number(deadLimit)} dead rows, ${number(changedRows)} of ${number(changedLimit)} changed ones`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
