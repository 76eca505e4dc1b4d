import type { Statement } from '../database/database.ts';

/** The process that serves this session, as the progress views name it. */
export function backendPid(): Statement {
  return { text: 'SELECT pg_catalog.pg_backend_pid() AS pid' };
}

/**
 * https://www.postgresql.org/docs/current/progress-reporting.html. HNSW leaves tuples_total at 0, so blocks are
 * what tells; building an IVFFlat index counts tuples.
 */
export function indexProgress(pid: number): Statement {
  return {
    text: `SELECT phase,
  CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END AS done,
  CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END AS total
FROM pg_catalog.pg_stat_progress_create_index
WHERE pid = $1`,
    values: [pid],
  };
}

/** VACUUM, the ANALYZE after it, and VACUUM FULL, which PostgreSQL counts as a CLUSTER. */
export function vacuumProgress(pid: number): Statement {
  return {
    text: `SELECT phase, heap_blks_scanned AS done, heap_blks_total AS total
FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = $1
UNION ALL
SELECT 'analyzing: ' || phase, sample_blks_scanned, sample_blks_total
FROM pg_catalog.pg_stat_progress_analyze WHERE pid = $1
UNION ALL
SELECT phase, heap_blks_scanned, heap_blks_total
FROM pg_catalog.pg_stat_progress_cluster WHERE pid = $1`,
    values: [pid],
  };
}
