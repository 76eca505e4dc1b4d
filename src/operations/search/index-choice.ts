import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
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

/** How an index holds vectors that it holds quantised; its candidates are ordered by their exact distance. */
export interface QuantizedForm {
  quantization: Exclude<Quantization, 'none'>;
  dimensions: number;
}

export interface IndexChoice {
  metric: Metric;
  /** What is asked of indexes first; undefined: the vectors themselves, also where no index serves. */
  quantized: QuantizedForm | undefined;
  /** What is asked of them then, in turn, where only partial ones serve, each the searches of its own rows. */
  otherwise: readonly QuantizedForm[];
}

/** From here on a search that no index serves takes long enough to say so. */
const manyRows = 10_000;

/**
 * The metric to search by, and how indexes hold vectors that serve it, where that needs another query than the plain one.
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
  const served = indexes.length > 0 ? servedBy(indexes[0]!) : [];
  const metric = asked ?? (served.includes(usual) ? usual : (served[0] ?? usual));
  const serves = (index: VectorIndex) => servedBy(index).includes(metric);
  const serving = preferred.filter(serves);
  if (exact) return { metric, quantized: undefined, otherwise: [] };
  if (rerank !== undefined && !quantized.some(serves)) {
    reporter.note(
      `no half-precision or binary index on ${column.name} serves ${metric}, so there is nothing to rerank`,
    );
  }
  if (serving.length === 0 && (indexes.length > 0 || (table.estimatedRows ?? 0) >= manyRows)) {
    reporter.note(missing(metric, column.name, [...new Set(indexes.flatMap(servedBy))], options));
  }
  const [first, ...others] = formsOf(serving);
  return { metric, quantized: first, otherwise: others.filter((form) => form !== undefined) };
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

/**
 * The forms that are worth asking for, each once: among indexes of one form the planner chooses. A whole table's serves
 * every search. @param serving the preferred first
 */
function formsOf(serving: readonly VectorIndex[]): (QuantizedForm | undefined)[] {
  const asked = serving[0]?.predicate === null ? serving.slice(0, 1) : serving;
  const forms = asked.map(
    (index) => [`${index.quantization} ${index.dimensions}`, asQuantized(index)] as const,
  );
  return [...new Map(forms).values()];
}

function asQuantized({ quantization, dimensions }: VectorIndex): QuantizedForm | undefined {
  return quantization === 'none' || dimensions === null ? undefined : { quantization, dimensions };
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
    value === undefined ? '' : ` ${name} ${shellWord(value)}`;
  return flag('-t', table) + flag('--vector-column', vectorColumn);
}
