import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { indexSettings, roleSettings, withoutOwnSettings } from '../../sql/recall.ts';
import { setLocal } from '../../sql/search.ts';
import type { IndexType } from '../../vector/metrics.ts';
import type { SweepPoint } from '../index-tune/result.ts';
import { type IterativeScan, mostCandidates } from '../search/settings.ts';

/** How an index is searched: what of a sweep's point is set, not measured. */
export type IndexSetting = Pick<SweepPoint, 'efSearch' | 'probes' | 'iterativeScan' | 'rerank'>;

/** What the session searches with, and whether its pgvector has iterative scans (0.8). */
export interface InForce {
  setting: IndexSetting;
  iterative: boolean;
}

export async function settingInForce(
  session: Session,
  type: IndexType,
  extensionSchema: string,
): Promise<InForce> {
  const { rows } = await session.query<{
    efSearch: number;
    probes: number;
    hnswScan: IterativeScan | null;
    ivfflatScan: IterativeScan | null;
  }>(indexSettings(extensionSchema));
  const { efSearch, probes, hnswScan, ivfflatScan } = rows[0]!;
  const scan = type === 'hnsw' ? hnswScan : ivfflatScan;
  return {
    setting: {
      ...(type === 'hnsw' ? { efSearch } : { probes }),
      ...(scan !== null && { iterativeScan: scan }),
    },
    iterative: scan !== null,
  };
}

/**
 * The settings of a search, by their names in PostgreSQL.
 * @param besides rows that are found and left out: they take a candidate's place each
 */
export function namedSettings(
  type: IndexType,
  { efSearch, probes, iterativeScan }: IndexSetting,
  besides: number,
): Record<string, string> {
  return {
    ...(efSearch !== undefined && { 'hnsw.ef_search': String(Math.min(mostCandidates, efSearch + besides)) }),
    ...(probes !== undefined && { 'ivfflat.probes': String(probes) }),
    ...(iterativeScan !== undefined && { [`${type}.iterative_scan`]: iterativeScan }),
  };
}

/** With so many candidates reranked: hnsw keeps as many, as `pgv search --rerank` has it. */
export function withRerank(setting: IndexSetting, k: number, rerank: number | undefined): IndexSetting {
  if (rerank === undefined) return setting;
  if (setting.efSearch === undefined) return { ...setting, rerank };
  const efSearch = Math.min(mostCandidates, Math.max(setting.efSearch, rerank, k));
  return { ...setting, efSearch, rerank };
}

/** Searches as a new session of the role would, until the transaction ends. @throws UsageError where there is none */
export async function asRole(session: Session, role: string): Promise<void> {
  const { rows } = await session.query<{ name: string | null; value: string }>(roleSettings(role));
  if (rows.length === 0) throw new UsageError(`role ${role} does not exist`, { code: 'no-role' });
  const own = await session.query<{ name: string; value: string }>(withoutOwnSettings());
  const settings = [...own.rows, ...rows].flatMap(({ name, value }) =>
    name === null ? [] : [[name, value]],
  );
  if (settings.length > 0) await session.query(setLocal(Object.fromEntries(settings)));
}
