import type { Session } from '../../database/database.ts';
import { searchSettings, setLocal } from '../../sql/search.ts';

export interface SearchSettings {
  /** Every row is compared, no index asked. */
  exact?: boolean | undefined;
  /** hnsw.ef_search: how many candidates are kept, 1 to 1,000. */
  efSearch?: number | undefined;
  /** ivfflat.probes: how many lists are read, 1 to 32,768. */
  probes?: number | undefined;
}

/** The bound of hnsw.ef_search. */
const mostCandidates = 1000;

/**
 * Prepares one transaction for a search for `rows` rows. An index scan gives at most ef_search rows, and filters
 * come after it: so ef_search covers the rows wanted, and the scan goes on until it has found them, where pgvector
 * can (0.8).
 */
export async function applySettings(
  session: Session,
  extensionSchema: string,
  { exact, efSearch, probes }: SearchSettings,
  rows: number,
): Promise<void> {
  await session.query('SET TRANSACTION READ ONLY');
  const { rows: found } = await session.query<{ efSearch: number; iterativeScan: boolean }>(
    searchSettings(extensionSchema),
  );
  const present = found[0]!;
  const settings: Record<string, string> = {
    'hnsw.ef_search': String(Math.min(mostCandidates, Math.max(efSearch ?? present.efSearch, rows))),
  };
  if (probes !== undefined) settings['ivfflat.probes'] = String(probes);
  if (present.iterativeScan) {
    settings['hnsw.iterative_scan'] = 'strict_order';
    settings['ivfflat.iterative_scan'] = 'relaxed_order';
  }
  if (exact) settings.enable_indexscan = 'off';
  await session.query(setLocal(settings));
}
