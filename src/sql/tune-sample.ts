import type { Statement } from '../database/database.ts';
import { quoteName, quoteQualified } from './identifiers.ts';

/** The temporary table of a sample: it goes with the connection, whatever ends that. */
export const sampleTable = 'pgv_tune_sample';

/** Room for the sample and its index in memory; it can be set until the session's first temporary table. */
export function roomForSample(): Statement {
  return { text: "SET temp_buffers = '512MB'" };
}

/** Some rows' vectors, in the column's own type and under its name. */
export function createSample(
  table: { schema: string; name: string },
  column: string,
  rows: number,
): Statement {
  return {
    text: `CREATE TEMPORARY TABLE ${sampleTable} AS
SELECT ${quoteName(column)}
FROM ${quoteQualified(table.schema, table.name)}
WHERE ${quoteName(column)} IS NOT NULL
ORDER BY pg_catalog.random()
LIMIT ${rows}`,
  };
}

/** Takes rows out of the sample again, by their places. */
export function takeFromSample(places: readonly string[]): Statement {
  return {
    text: `DELETE FROM pg_temp.${sampleTable} WHERE ctid = ANY ($1::text[]::tid[])`,
    values: [places],
  };
}

export function analyzeSample(): Statement {
  return { text: `ANALYZE pg_temp.${sampleTable}` };
}

export function dropSample(): Statement {
  return { text: `DROP TABLE IF EXISTS pg_temp.${sampleTable}` };
}
