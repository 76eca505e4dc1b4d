import type { Statement } from '../database/database.ts';
import { quoteLiteral, quoteName } from './identifiers.ts';

/** Of a table's columns those that an ascending sequence numbers, as rows of name and sequence, which is quoted. */
export function numberedColumns(tableOid: number): Statement {
  return {
    text: `SELECT n.name, n.sequence
FROM (
  SELECT a.attname AS name, a.attnum, pg_catalog.pg_get_serial_sequence($1::oid::regclass::text, a.attname) AS sequence
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
) n
JOIN pg_catalog.pg_sequence s ON s.seqrelid = n.sequence::regclass AND s.seqincrement > 0
ORDER BY n.attnum`,
    values: [tableOid],
  };
}

/** Has a sequence go on behind the highest number of its column, unless it is there already. @param table, sequence quoted */
export function goOnBehind(table: string, { name, sequence }: { name: string; sequence: string }): string {
  return `SELECT pg_catalog.setval(${quoteLiteral(sequence)}, highest)
FROM (SELECT max(${quoteName(name)})::int8 AS highest FROM ${table}) AS numbers, ${sequence} AS counter
WHERE highest >= counter.last_value`;
}
