import type { LoadCounts } from '../../sql/ledger.ts';
import type { LoadResult, Run } from './run.ts';

export interface IngestSummary extends LoadCounts {
  database: string;
  table: string;
  /** `resumed`: a load of the run went on; `already-loaded`: there was nothing to do. */
  status: LoadResult['status'];
  /** Committed by this run. */
  rows: number;
  /** The load's name in the ledger; null: there are several, or none is kept. */
  loadId: string | null;
  /** Of the input. */
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
  lanes: number;
  files: { path: string; rows: number; bytes: number; status: LoadResult['status']; loadId: string | null }[];
}

/** What a run has done, from what each of its loads has. */
export function summarize(
  { database, pool }: Run,
  results: readonly LoadResult[],
  seconds: number,
): IngestSummary {
  const files = results.flatMap(({ files: read, status, loadId }) =>
    read.map(({ path, records, bytes }) => ({ path, rows: records, bytes, status, loadId })),
  );
  const counts = countsOf(results);
  const rows = counts.inserted + counts.updated;
  return {
    database: database.target.description,
    table: results[0]!.table.name,
    status: statusOf(results),
    rows,
    ...counts,
    bytes: pool.fetched ?? files.reduce((total, file) => total + file.bytes, 0),
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    loadId: results.length === 1 ? results[0]!.loadId : null,
    lanes: pool.started,
    files,
  };
}

/** What a person would not expect of the values that were stored. */
export function notesOf({ zeroVectors, withoutText }: Run['pool']): string[] {
  const notes: string[] = [];
  if (zeroVectors > 0) notes.push(stayedZero(zeroVectors));
  if (withoutText > 0) notes.push(notEmbedded(withoutText));
  return notes;
}

function stayedZero(count: number): string {
  const vectors = count === 1 ? '1 vector holds' : `${count.toLocaleString('en')} vectors hold`;
  return `${vectors} nothing but zeros, which no factor brings to length 1: stored as zeros`;
}

function notEmbedded(count: number): string {
  const texts = count === 1 ? '1 text is' : `${count.toLocaleString('en')} texts are`;
  return `${texts} NULL or blank, and so is the vector: NULL`;
}

export function countsOf(results: readonly LoadResult[]): LoadCounts {
  const sum = (of: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    inserted: sum(({ inserted }) => inserted),
    updated: sum(({ updated }) => updated),
    unchanged: sum(({ unchanged }) => unchanged),
    skipped: sum(({ skipped }) => skipped),
    deleted: sum(({ deleted }) => deleted),
    rejected: sum(({ rejected }) => rejected),
  };
}

function statusOf(results: readonly LoadResult[]): LoadResult['status'] {
  if (results.every(({ status }) => status === 'already-loaded')) return 'already-loaded';
  return results.some(({ status }) => status === 'resumed') ? 'resumed' : 'loaded';
}
