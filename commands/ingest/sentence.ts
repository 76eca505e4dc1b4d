import type { IngestSummary } from '../../src/operations/ingest/summary.ts';
import { rowChanges } from '../output/row-changes.ts';
import { byteRate, counted, duration, rowRate } from '../output/units.ts';

/** What a load has done, in a line. */
export function sentence(summary: IngestSummary): string {
  const { table, status, rows, seconds, bytes } = summary;
  if (status === 'already-loaded') {
    const [first, ...others] = summary.files;
    const what = others.length === 0 ? `${first!.path} is` : `all ${summary.files.length} files are`;
    return `${what} in ${table} already: nothing to do (--if-loaded again loads once more)`;
  }
  const into = status === 'resumed' ? `more into ${table}, now complete,` : `into ${table}`;
  const parts = [`${counted(rows, 'row')} ${into} in ${duration(seconds)}`];
  // Of a small file, a rate would only say how long the program took to start.
  if (rows >= 10_000) parts.push(`${rowRate(rows, seconds)}, ${byteRate(bytes, seconds)}`);
  return [...parts, ...rowChanges(summary)].join(' · ');
}
