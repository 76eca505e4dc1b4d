import { quoteLiteral, quoteName, quoteQualified } from './identifiers.ts';

/** Where rows come from. */
export interface RowSource {
  /** A table or view, quoted and qualified, with what stands before and behind it: `ONLY "public"."docs" AS "docs"`. */
  from: string;
  /** Conditions, each SQL, the user's own among it. */
  where: readonly string[];
  orderBy?: string | undefined;
  limit?: number | undefined;
}

/** A user's SQL ends at a line end, so that a comment in it does not swallow what follows. */
export function selectRows(columns: readonly string[], { from, where, orderBy, limit }: RowSource): string {
  const lines = [`SELECT ${columns.join(', ')}`, `FROM ${from}`];
  if (where.length > 0) lines.push(`WHERE ${where.map((condition) => `(${condition}\n)`).join(' AND ')}`);
  if (orderBy !== undefined) lines.push(`ORDER BY ${orderBy}`);
  if (limit !== undefined) lines.push(`LIMIT ${limit}`);
  return lines.join('\n');
}

/** A query as the source of another, its columns called by these names. */
export function queryAsSource(query: string, columns: readonly string[]): string {
  return `(\n${query}\n) AS "q" (${columns.map(quoteName).join(', ')})`;
}

/** `COPY (query) TO STDOUT`: works for tables, views and partitioned tables alike, and in one snapshot. */
export function copyQueryOut(query: string): string {
  return `COPY (\n${query}\n) TO STDOUT (FORMAT binary)`;
}

/**
 * A column as the type's output function prints it. A cast to text would not do: `true::text` is no `t`,
 * `'a '::char(2)::text` has lost its blank.
 */
export function printed(column: string, output: string): string {
  return `pg_catalog.textin(${output}(${quoteName(column)}))`;
}

/** A column as JSON. */
export function asJson(column: string): string {
  return `pg_catalog.to_json(${quoteName(column)})::text`;
}

/** Rows whose tuples lie in the blocks [from, to) of the table of this name; without an end, to the table's. */
export function inBlocks(table: string, from: number, to: number | undefined): string {
  const ctid = `${quoteName(table)}.ctid`;
  const lower = `${ctid} >= '(${from},0)'::tid`;
  return to === undefined ? lower : `${lower} AND ${ctid} < '(${to},0)'::tid`;
}

/** A table's own rows, without those of tables below it; under a name by which conditions may call it, if not its own. */
export function onlyTable(schema: string, table: string, alias?: string): string {
  const only = `ONLY ${quoteQualified(schema, table)}`;
  return alias === undefined ? only : `${only} AS ${quoteName(alias)}`;
}

/**
 * An order that has nothing to do with the rows; with a seed it is the same whenever the rows are the same.
 * @param columns those that tell the rows apart
 */
export function shuffled(columns: readonly string[], seed: number | undefined): string {
  if (seed === undefined) return 'pg_catalog.random()';
  return `pg_catalog.hashtextextended(ROW(${columns.map(quoteName).join(', ')})::text, ${seed})`;
}

/** Compared as the column's type compares. */
export function equals(column: string, value: string): string {
  return `${quoteName(column)} = ${quoteLiteral(value)}`;
}
