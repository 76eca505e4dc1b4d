import { createHash } from 'node:crypto';
import type { Metric } from '../../vector/metrics.ts';
import type { IndexRequest } from './request.ts';

/** PostgreSQL cuts longer names off. */
const longestName = 63;

/** What the end of a name tells. */
type Kind = Pick<IndexRequest, 'where' | 'quantize'> & { type: string };

/** `docs_embedding_hnsw_cosine_half`: cut in the middle where that is too long, so that the end still says what it is. */
export function defaultName(
  table: { name: string },
  column: { name: string },
  kind: Kind,
  metric: Metric,
): string {
  return nameEndingIn(`${table.name}_${column.name}`, endOf(kind, metric));
}

/**
 * The name of a partition's part of an index: `docs_p0_docs_embedding_hnsw_cosine`. Where that is too long it is
 * `documents_p0_embedding_1c0ffee5_hnsw_cosine`, whose mark tells apart what is alike as far as there is room for it.
 * @param whole the whole index's name
 */
export function nameOnPartition(
  partition: { name: string },
  whole: string,
  column: { name: string },
  kind: Kind,
  metric: Metric,
): string {
  const name = `${partition.name}_${whole}`;
  if (Buffer.byteLength(name) <= longestName) return name;
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return nameEndingIn(`${partition.name}_${column.name}`, `_${mark}${endOf(kind, metric)}`);
}

function endOf({ type, where, quantize = 'none' }: Kind, metric: Metric): string {
  const as = quantize === 'none' ? '' : `_${quantize}`;
  return `_${type}_${metric}${as}${where === undefined ? '' : '_partial'}`;
}

/** A name of no more than 63 bytes, of which the end is whole. */
function nameEndingIn(beginning: string, end: string): string {
  let start = beginning;
  while (start !== '' && Buffer.byteLength(start) > longestName - Buffer.byteLength(end))
    start = [...start].slice(0, -1).join('');
  return start + end;
}
