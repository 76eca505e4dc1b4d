import type { Statement } from '../database/database.ts';
import { quoteQualified } from './identifiers.ts';

export interface SearchSettingsWanted {
  /** hnsw.ef_search; undefined: the session's. */
  efSearch: number | undefined;
  /** What ef_search is to be at least, of what it can be. */
  rows: number;
  /** hnsw.iterative_scan and ivfflat's, where pgvector has them. */
  hnswScan: string;
  ivfflatScan: string;
  /** Further settings. */
  others: Readonly<Record<string, string>>;
}

/** NULL before pgvector 0.5, which has no hnsw; what a transaction has set there all the same is left behind as ''. */
export const efSearch = "nullif(current_setting('hnsw.ef_search', true), '')::int";

/**
 * Sets what the transaction searches with, and tells it: efSearch, iterativeScan (whether pgvector has such scans). The
 * cast loads pgvector's library while the statement is read; before that its settings are not known.
 */
export function setSearchSettings(extensionSchema: string, wanted: SearchSettingsWanted): Statement {
  const values: unknown[] = [wanted.efSearch ?? null, wanted.rows];
  const set = (name: string, value: string) => `set_config('${name}', $${values.push(value)}, true)`;
  const hasScans = `current_setting('hnsw.iterative_scan', true) IS NOT NULL`;
  const columns = [
    `'[0]'::${quoteQualified(extensionSchema, 'vector')} IS NOT NULL AS loaded`,
    `${hasScans} AS "iterativeScan"`,
    `set_config('hnsw.ef_search', greatest(coalesce($1::int, ${efSearch}), $2::int)::text, true)::int AS "efSearch"`,
    `CASE WHEN ${hasScans} THEN ${set('hnsw.iterative_scan', wanted.hnswScan)} END`,
    `CASE WHEN ${hasScans} THEN ${set('ivfflat.iterative_scan', wanted.ivfflatScan)} END`,
    ...Object.entries(wanted.others).map(([name, value]) => set(name, value)),
  ];
  return { text: `SELECT ${columns.join(',\n  ')}`, values };
}
