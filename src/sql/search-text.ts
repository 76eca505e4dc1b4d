import type { Statement } from '../database/database.ts';
import { quoteName, quoteQualified } from './identifiers.ts';
import { conditionsBesideVector, conditionsOf, type NearestQuery, tieOrder } from './search.ts';
import { binder, type Condition } from './search-conditions.ts';

/** What words are looked for in. */
export interface TextSearch {
  /** As websearch_to_tsquery reads them: `chess -clock "opening book"`. */
  words: string;
  /** A text search configuration; undefined: the session's. */
  language: string | undefined;
  /** Columns of tsvector, which stand for the text; none: it is made of the text columns. */
  vectors: readonly string[];
  texts: readonly string[];
}

/** Rows whose text matches. https://www.postgresql.org/docs/current/textsearch-controls.html */
function matches(search: TextSearch): Condition {
  return (bind) => `${documentOf(search, bind)} @@ ${wordsOf(search, bind)}`;
}

/** ts_rank as a share of 1 (normalization 32), 0 where the text does not match. */
export function textRank(search: TextSearch): Condition {
  return (bind) =>
    `CASE WHEN ${matches(search)(bind)} THEN ts_rank(${documentOf(search, bind)}, ${wordsOf(search, bind)}, 32)::float8 ELSE 0 END`;
}

/**
 * The k rows that match best, in order. Columns are called as those of `nearest`, and `rank`.
 * @param vector as text, to which `distance` is told, and rows without one are no answer; undefined: it is NULL
 */
export function bestMatches(query: NearestQuery, search: TextSearch, vector: string | undefined): Statement {
  const values: unknown[] = [];
  const bind = binder(values);
  const conditionsOfRows = vector === undefined ? conditionsBesideVector : conditionsOf;
  const conditions = [matches(search)(bind), ...conditionsOfRows(query, bind)];
  const distance =
    vector === undefined
      ? 'NULL::float8'
      : `${quoteName(query.column)} ${query.operator} ${bind(vector)}::${query.type}`;
  const output = [
    ...query.key.map((name, i) => `${quoteName(name)} AS k${i}`),
    ...query.shown.map((name, i) => `${quoteName(name)} AS c${i}`),
    `${distance} AS distance`,
    `${textRank(search)(bind)} AS rank`,
  ];
  values.push(query.k);
  return {
    text: `SELECT ${output.join(', ')}
FROM ${quoteQualified(query.table.schema, query.table.name)}
WHERE ${conditions.join('\n  AND ')}
ORDER BY ${['rank DESC', ...tieOrder(query)].join(', ')}
LIMIT $${values.length}::int8`,
    values,
  };
}

type Bind = Parameters<Condition>[0];

function documentOf({ vectors, texts, language }: TextSearch, bind: Bind): string {
  const columns = (vectors.length > 0 ? vectors : texts).map(quoteName);
  if (vectors.length === 1) return columns[0]!;
  if (vectors.length > 1) return `(${columns.map((name) => `coalesce(${name}, '')`).join(' || ')})`;
  return `to_tsvector(${configuration(language, bind)}, concat_ws(' ', ${columns.join(', ')}))`;
}

function wordsOf({ words, language }: TextSearch, bind: Bind): string {
  return `websearch_to_tsquery(${configuration(language, bind)}, ${bind(words)})`;
}

function configuration(language: string | undefined, bind: Bind): string {
  return language === undefined ? 'get_current_ts_config()' : `${bind(language)}::pg_catalog.regconfig`;
}
