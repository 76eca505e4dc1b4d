import type { Statement } from '../database/database.ts';
import { lockWait } from './lock-holders.ts';

/** The process that serves this session, as the progress views name it. */
export function backendPid(): Statement {
  return { text: 'SELECT pg_catalog.pg_backend_pid() AS pid' };
}

/**
 * Whom it waits for, else how far it is: https://www.postgresql.org/docs/current/progress-reporting.html. HNSW leaves
 * tuples_total at 0, so blocks are what tells; building an IVFFlat index counts tuples. When all blocks are read, pages
 * and their log are still to be written, of which nothing is told.
 */
export function indexProgress(pid: number): Statement {
  return {
    text: `SELECT w.*, NULL::int8 AS rows FROM (
${lockWait(pid).text}
) AS w
UNION ALL
SELECT CASE WHEN loaded THEN 'building index: writing it' ELSE phase END,
  CASE WHEN loaded THEN NULL WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
  CASE WHEN loaded THEN NULL WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END,
  NULLIF(tuples_done, 0)
FROM (
  SELECT *, phase = 'building index: loading tuples' AND greatest(blocks_total, tuples_total) > 0
    AND blocks_done >= blocks_total AND tuples_done >= tuples_total AS loaded
  FROM pg_catalog.pg_stat_progress_create_index
  WHERE pid = $1
) AS p`,
    values: [pid],
  };
}

/**
 * VACUUM, the ANALYZE after it, and VACUUM FULL, which PostgreSQL counts as a CLUSTER; before it begins, whom it waits
 * for. Which index it is at, PostgreSQL tells from 17 on.
 */
export function vacuumProgress(pid: number): Statement {
  return {
    text: `SELECT phase,
  CASE phase WHEN 'vacuuming heap' THEN heap_blks_vacuumed WHEN 'scanning heap' THEN heap_blks_scanned
    ELSE (to_jsonb(p) ->> 'indexes_processed')::int8 END AS done,
  CASE WHEN phase LIKE '% heap' THEN heap_blks_total ELSE (to_jsonb(p) ->> 'indexes_total')::int8 END AS total
FROM pg_catalog.pg_stat_progress_vacuum p WHERE pid = $1
UNION ALL
SELECT 'analyzing: ' || phase, sample_blks_scanned, sample_blks_total
FROM pg_catalog.pg_stat_progress_analyze WHERE pid = $1
UNION ALL
SELECT phase, heap_blks_scanned, heap_blks_total
FROM pg_catalog.pg_stat_progress_cluster WHERE pid = $1
UNION ALL (
${lockWait(pid).text}
)`,
    values: [pid],
  };
}
