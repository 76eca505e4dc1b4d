import type { Statement } from '../database/database.ts';
import type { Quantization } from '../vector/quantization.ts';
import { quoteName, quoteQualified } from './identifiers.ts';
import { quantized } from './quantized.ts';
import { binder, type Condition, type KeyColumns, keyEquals } from './search-conditions.ts';
import { efSearch } from './search-settings.ts';

export interface NearestQuery {
  table: { schema: string; name: string };
  /** Of the vector column. */
  column: string;
  /** `OPERATOR("public".<=>)`, see `qualifiedOperator`. */
  operator: string;
  /** The vector's type as SQL writes it. */
  type: string;
  k: number;
  /** Where an index on the column's vectors quantised is to serve. */
  candidates?: Candidates | undefined;
  key: readonly string[];
  /** Its type has none, as json: rows that are equally good come as they may. */
  keyHasNoOrder?: boolean;
  shown: readonly string[];
  /** The user's own SQL. */
  where?: string | undefined;
  conditions: readonly Condition[];
  /** An expression more, which is then called `rank`. */
  rank?: Condition;
}

/**
 * The rows that an index on quantised vectors has nearest, of which the k nearest by exact distance are the answer.
 * https://github.com/pgvector/pgvector#binary-quantization
 */
export interface Candidates {
  /** At least k. */
  count: number;
  /** All that hnsw.ef_search keeps are taken, where these are more. */
  allKept: boolean;
  quantization: Quantization;
  /** As the index's expression names them. */
  dimensions: number;
  /** The one that the index orders by, as `qualifiedOperator` gives it. */
  operator: string;
  /** That holds pgvector. */
  extensionSchema: string;
}

/** An operator that is found whatever the search path. */
export function qualifiedOperator(schema: string, operator: string): string {
  return `OPERATOR(${quoteName(schema)}.${operator})`;
}

/**
 * The k rows nearest to a vector, in order. Columns are called `k0…` (key), `c0…` (shown) and `distance`, as the table's
 * own names may collide.
 *
 * The index serves the inner query only: ORDER BY the operator alone, ascending, with LIMIT. It is materialised and
 * sorted again because a relaxed iterative scan gives rows nearly in order; `+ 0` keeps the planner from trusting
 * that order (https://github.com/pgvector/pgvector#iterative-index-scans). Candidates come the same way: the inner
 * query takes them in the order of the index's own expression, and already gives their exact distances.
 * @param vector as text
 */
export function nearest(query: NearestQuery, vector: string): Statement {
  const values: unknown[] = [vector];
  const inner = nearestRows(query, `$1::text::${query.type}`, values);
  return {
    text: `WITH nearest AS MATERIALIZED (\n  ${inner}\n)\nSELECT * FROM nearest\n${bestOf(query, values)}`,
    values,
  };
}

/**
 * The k rows nearest to each of several vectors, by the number of the vector (`query`, from 0) and in order. Names are
 * such as nobody's own SQL means by chance.
 * @param vectors as text
 */
export function nearestToEach(query: NearestQuery, vectors: readonly string[]): Statement {
  const values: unknown[] = [vectors];
  const rows = nearestRows(query, 'pgv_queries.pgv_vector', values);
  const inner = query.candidates
    ? `SELECT * FROM (\n  ${rows}\n) AS candidates\n${bestOf(query, values)}`
    : rows;
  return {
    text: `WITH pgv_queries AS MATERIALIZED (
  SELECT pgv_number, pgv_text::${query.type} AS pgv_vector
  FROM unnest($1::text[]) WITH ORDINALITY AS pgv_given (pgv_text, pgv_number)
)
SELECT (pgv_number - 1)::int4 AS query, nearest.*
FROM pgv_queries
CROSS JOIN LATERAL (
  ${inner}
) AS nearest
ORDER BY pgv_number, ${inOrder(query)}`,
    values,
  };
}

/** @param vector as SQL; @param values of the statement, which are added to */
function nearestRows(query: NearestQuery, vector: string, values: unknown[]): string {
  const column = quoteName(query.column);
  const bind = binder(values);
  const conditions = conditionsOf(query, bind);
  const output = [
    ...query.key.map((name, i) => `${quoteName(name)} AS k${i}`),
    ...query.shown.map((name, i) => `${quoteName(name)} AS c${i}`),
    `${column} ${query.operator} ${vector} AS distance`,
  ];
  if (query.rank !== undefined) output.push(`${query.rank(bind)} AS rank`);
  const { candidates, operator } = query;
  const compared = (value: string) =>
    candidates === undefined
      ? value
      : quantized(value, candidates.quantization, candidates.dimensions, candidates.extensionSchema);
  const count = `$${values.push(candidates?.count ?? query.k)}::int8`;
  const limit = candidates?.allKept ? `GREATEST(${count}, ${efSearch})` : count;
  return `SELECT ${output.join(', ')}
  FROM ${quoteQualified(query.table.schema, query.table.name)}
  WHERE ${conditions.join('\n    AND ')}
  ORDER BY ${compared(column)} ${candidates?.operator ?? operator} ${compared(vector)}
  LIMIT ${limit}`;
}

/** What a row must fulfil to be an answer, each as SQL. @param bind takes a value and gives its parameter */
export function conditionsOf(query: NearestQuery, bind: (value: string) => string): string[] {
  return [`${quoteName(query.column)} IS NOT NULL`, ...conditionsBesideVector(query, bind)];
}

/** The same, but that rows without a vector are answers too. */
export function conditionsBesideVector(
  { conditions, where }: NearestQuery,
  bind: (value: string) => string,
): string[] {
  const all = conditions.map((condition) => condition(bind));
  // On lines of its own, so that a comment at its end takes nothing along.
  if (where !== undefined) all.push(`(\n${where}\n)`);
  return all;
}

/** Behind the rows that `nearestRows` gives: in the order of their distances, and no more than k. */
function bestOf(query: NearestQuery, values: unknown[]): string {
  const order = `ORDER BY ${inOrder(query)}`;
  return query.candidates ? `${order}\nLIMIT $${values.push(query.k)}::int8` : order;
}

function inOrder(query: NearestQuery): string {
  return ['distance + 0', ...tieOrder(query)].join(', ');
}

/** What orders rows that are equally good. */
export function tieOrder({ key, keyHasNoOrder }: NearestQuery): string[] {
  return keyHasNoOrder ? [] : key.map((_, i) => `k${i}`);
}

/** The plan of a search, to see which indexes serve it. */
export function explained(statement: Statement): Statement {
  return { ...statement, text: `EXPLAIN (FORMAT JSON) ${statement.text}` };
}

/** The same, run, with what each step did. */
export function analysed(statement: Statement): Statement {
  return { ...statement, text: `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}` };
}

/** A stored row's vector as text; two rows where several have the key, which is then none. */
export function vectorOfRow(
  table: { schema: string; name: string },
  column: string,
  key: KeyColumns,
  id: readonly string[],
): Statement {
  const values: unknown[] = [];
  const condition = keyEquals(key, id)(binder(values));
  return {
    text: `SELECT ${quoteName(column)}::text AS vector
FROM ${quoteQualified(table.schema, table.name)}
WHERE ${condition}
LIMIT 2`,
    values,
  };
}

/** What the session searches with; the cast loads pgvector's library, before which its settings are not known. */
export function searchSettings(extensionSchema: string): Statement {
  return {
    text: `SELECT '[0]'::${quoteQualified(extensionSchema, 'vector')} IS NOT NULL AS loaded,
  ${efSearch} AS "efSearch",
  current_setting('hnsw.iterative_scan', true) IS NOT NULL AS "iterativeScan"`,
  };
}

/** SET LOCAL, several at once. */
export function setLocal(settings: Readonly<Record<string, string>>): Statement {
  const entries = Object.entries(settings);
  return {
    text: `SELECT ${entries.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, true)`).join(', ')}`,
    values: entries.flat(),
  };
}
