import type { QueryResult, Session, Statement } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { setLocal } from '../../sql/search.ts';
import { setSearchSettings } from '../../sql/search-settings.ts';

export type IterativeScan = 'off' | 'strict_order' | 'relaxed_order';

export interface SearchSettings {
  /** Every row is compared, no index asked. */
  exact?: boolean | undefined;
  /** hnsw.ef_search: how many candidates are kept, 1 to 1,000. */
  efSearch?: number | undefined;
  /** ivfflat.probes: how many lists are read, 1 to 32,768. */
  probes?: number | undefined;
  /** Whether an index scan goes on until it has found enough rows; default: strict_order (relaxed_order for candidates), where pgvector can (0.8). */
  iterativeScan?: IterativeScan | undefined;
}

/** The bound of hnsw.ef_search. */
export const mostCandidates = 1000;

/** What a transaction searches with. */
export interface AppliedSettings {
  efSearch: number;
  /** Index scans go on until enough rows have passed the filters. */
  iterative: boolean;
}

/** What each search of a transaction takes from an index. */
export interface Wanted {
  rows: number;
  /** Whether they are to come nearest first; candidates are ordered after. */
  inOrder: boolean;
}

/**
 * What prepares a transaction for searches. An index scan gives at most ef_search rows, and filters come after it: so
 * ef_search covers the rows wanted, and the scan goes on until it has found them, where pgvector can (0.8).
 */
export function settingsStatement(
  extensionSchema: string,
  { exact, efSearch, probes, iterativeScan }: SearchSettings,
  { rows, inOrder }: Wanted,
): Statement {
  const scan = iterativeScan ?? (inOrder ? 'strict_order' : 'relaxed_order');
  return setSearchSettings(extensionSchema, {
    efSearch,
    rows: Math.min(rows, mostCandidates),
    hnswScan: scan,
    // It has no strict order.
    ivfflatScan: scan === 'off' ? 'off' : 'relaxed_order',
    others: {
      ...(probes !== undefined && { 'ivfflat.probes': String(probes) }),
      ...(exact && withoutIndex),
    },
  });
}

/**
 * What the statement above has set.
 * @throws UsageError where an iterative scan is asked for that pgvector has not
 */
export function settingsOf(
  { rows }: QueryResult<object>,
  { iterativeScan }: SearchSettings,
): AppliedSettings {
  const { efSearch, iterativeScan: hasScans } = rows[0] as { efSearch: number; iterativeScan: boolean };
  if (hasScans) return { efSearch, iterative: iterativeScan !== 'off' };
  if (iterativeScan === undefined || iterativeScan === 'off') return { efSearch, iterative: false };
  throw new UsageError(`--iterative-scan ${iterativeScan} needs pgvector 0.8`, {
    code: 'no-iterative-scan',
    hint: 'leave it out: a search that an index cuts short is done again without it',
  });
}

/** Prepares one transaction for searches. @throws UsageError where pgvector has not what is asked for */
export async function applySettings(
  session: Session,
  extensionSchema: string,
  settings: SearchSettings,
  wanted: Wanted,
): Promise<AppliedSettings> {
  await session.query('SET TRANSACTION READ ONLY');
  return settingsOf(await session.query(settingsStatement(extensionSchema, settings, wanted)), settings);
}

/** From here on in the transaction hnsw keeps as many candidates as it can. */
export async function widen(session: Session): Promise<void> {
  await session.query(setLocal({ 'hnsw.ef_search': String(mostCandidates) }));
}

/** Plain index scans alone give rows by distance: what finds rows by a filter is a bitmap scan as well. */
const withoutIndex = { enable_indexscan: 'off', enable_indexonlyscan: 'off', enable_seqscan: 'on' };

/** From here on in the transaction every row is compared. */
export async function forgoIndex(session: Session): Promise<void> {
  await session.query(setLocal(withoutIndex));
}
