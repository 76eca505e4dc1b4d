import type { Database } from '../../database/database.ts';
import type { Metric } from '../../vector/metrics.ts';
import type { Subject } from './subject.ts';

/** What was searched, and for how much: the head of every result. */
export interface Searched {
  database: string;
  table: string;
  metric: Metric;
  k: number;
  /** Names of the shown columns; the key is not among them where it is called `id`. */
  columns: string[];
}

export const searched = ({ target }: Database, { table, metric, shown }: Subject, k: number): Searched => ({
  database: target.description,
  table: table.name,
  metric,
  k,
  columns: shown.map(({ name }) => name),
});
