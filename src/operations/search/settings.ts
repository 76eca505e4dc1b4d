import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { searchSettings, setLocal } from '../../sql/search.ts';

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
 * Prepares one transaction for searches. An index scan gives at most ef_search rows, and filters
 * come after it: so ef_search covers the rows wanted, and the scan goes on until it has found them, where pgvector
 * can (0.8).
 * @throws UsageError where an iterative scan is asked for that pgvector has not
 */
export async function applySettings(
  session: Session,
  extensionSchema: string,
  { exact, efSearch, probes, iterativeScan }: SearchSettings,
  { rows, inOrder }: Wanted,
): Promise<AppliedSettings> {
  await session.query('SET TRANSACTION READ ONLY');
  const { rows: found } = await session.query<{ efSearch: number; iterativeScan: boolean }>(
    searchSettings(extensionSchema),
  );
  const present = found[0]!;
  const candidates = Math.min(mostCandidates, Math.max(efSearch ?? present.efSearch, rows));
  const settings: Record<string, string> = { 'hnsw.ef_search': String(candidates) };
  if (probes !== undefined) settings['ivfflat.probes'] = String(probes);
  const scan = iterativeScan ?? (!present.iterativeScan ? 'off' : inOrder ? 'strict_order' : 'relaxed_order');
  if (present.iterativeScan) {
    settings['hnsw.iterative_scan'] = scan;
    // It has no strict order.
    settings['ivfflat.iterative_scan'] = scan === 'off' ? 'off' : 'relaxed_order';
  } else if (scan !== 'off') {
    throw new UsageError(`--iterative-scan ${scan} needs pgvector 0.8`, {
      code: 'no-iterative-scan',
      hint: 'leave it out: a search that an index cuts short is done again without it',
    });
  }
  await session.query(setLocal(exact ? { ...settings, ...withoutIndex } : settings));
  return { efSearch: candidates, iterative: scan !== 'off' };
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
