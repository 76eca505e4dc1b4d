import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { defaultMetric, type Metric, metricOfOperatorClass, metricsOf } from '../../vector/metrics.ts';
import { metricsServed, type Quantization } from '../../vector/quantization.ts';
import type { TableDescription, VectorColumn } from '../tables.ts';
import { findVectorIndexes, type VectorIndex } from '../vector-indexes.ts';

export interface IndexOptions {
  table?: string | undefined;
  vectorColumn?: string | undefined;
  /** Default: what the column's index serves, else cosine, hamming for bit. */
  metric?: Metric | undefined;
  exact?: boolean | undefined;
  /** Candidates that an index on quantised vectors is asked for; with it such an index goes before others. */
  rerank?: number | undefined;
}

/** An index on quantised vectors, whose candidates are ordered by their exact distance. */
export interface QuantizedIndex {
  name: string;
  quantization: Exclude<Quantization, 'none'>;
  dimensions: number;
}

export interface IndexChoice {
  metric: Metric;
  /** Undefined where the vectors themselves are indexed, or no index serves. */
  quantized: QuantizedIndex | undefined;
}

/** From here on a search that no index serves takes long enough to say so. */
const manyRows = 10_000;

/**
 * The metric to search by, and the index that serves it where that needs another query than the plain one.
 * @throws UsageError where the metric is not for the column's type
 */
export async function chooseIndex(
  session: Session,
  table: TableDescription,
  column: VectorColumn,
  options: IndexOptions,
  reporter: Reporter,
): Promise<IndexChoice> {
  const { metric: asked, exact, rerank } = options;
  if (asked !== undefined && !metricsOf(column.vector).includes(asked)) {
    throw new UsageError(`metric ${asked} is not for ${column.vector}, the type of ${column.name}`, {
      code: 'bad-metric',
      hint: `metrics for it: ${metricsOf(column.vector).join(', ')}`,
    });
  }
  const usual = defaultMetric(column.vector);
  const indexes = (await findVectorIndexes(session, table)).filter(
    (index) => index.valid && index.column === column.name && servedBy(index).length > 0,
  );
  indexes.sort((a, b) => rank(a, usual) - rank(b, usual));
  const quantized = indexes.filter(({ quantization }) => quantization !== 'none');
  const preferred = rerank === undefined ? indexes : [...quantized, ...indexes];
  const first = indexes.length > 0 ? servedBy(indexes[0]!) : [];
  const metric = asked ?? (first.includes(usual) ? usual : (first[0] ?? usual));
  const serves = (index: VectorIndex) => servedBy(index).includes(metric);
  const chosen = preferred.find(serves);
  if (exact) return { metric, quantized: undefined };
  if (rerank !== undefined && !quantized.some(serves)) {
    reporter.note(
      `no half-precision or binary index on ${column.name} serves ${metric}, so there is nothing to rerank`,
    );
  }
  if (chosen === undefined && (indexes.length > 0 || (table.estimatedRows ?? 0) >= manyRows)) {
    reporter.note(missing(metric, column.name, [...new Set(indexes.flatMap(servedBy))], options));
  }
  return { metric, quantized: chosen && asQuantized(chosen) };
}

/** The lower, the better: a whole table's before a partial one's, which serves only searches that repeat its condition. */
function rank(index: VectorIndex, usual: Metric): number {
  const loss = { none: 0, half: 1, binary: 2 }[index.quantization];
  return (index.predicate === null ? 0 : 100) + 10 * loss + (servedBy(index).includes(usual) ? 0 : 1);
}

function servedBy({ operatorClass, quantization }: VectorIndex): Metric[] {
  const indexed = metricOfOperatorClass(operatorClass);
  return indexed === undefined ? [] : metricsServed(indexed, quantization);
}

function asQuantized({ name, quantization, dimensions }: VectorIndex): QuantizedIndex | undefined {
  return quantization === 'none' || dimensions === null ? undefined : { name, quantization, dimensions };
}

function missing(metric: Metric, column: string, served: readonly Metric[], options: IndexOptions): string {
  const others = served.length > 0 ? ` (there is one for ${served.join(', ')})` : '';
  return (
    `no index serves ${metric} on ${column}${others}, so every row is compared: ` +
    `\`pgv index create --type hnsw --metric ${metric}${flagsOf(options)}\` makes one`
  );
}

/** The flags that name the same table and column to another command, as a shell takes them. */
function flagsOf({ table, vectorColumn }: IndexOptions): string {
  const flag = (name: string, value: string | undefined) =>
    value === undefined
      ? ''
      : ` ${name} ${/^[\w.]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`;
  return flag('-t', table) + flag('--vector-column', vectorColumn);
}
