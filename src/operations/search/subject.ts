import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { qualifiedOperator } from '../../sql/search.ts';
import {
  defaultMetric,
  type Metric,
  metricOfOperatorClass,
  metricsOf,
  operatorOf,
} from '../../vector/metrics.ts';
import { warnOfMissingIndexes } from '../deferred-indexes/pending.ts';
import { requireVectorExtension } from '../extension.ts';
import {
  type ColumnDescription,
  findTable,
  findVectorColumn,
  type TableDescription,
  type VectorColumn,
} from '../tables.ts';
import { findVectorIndexes } from '../vector-indexes.ts';

/** What is searched, and how. */
export interface Subject {
  table: TableDescription;
  column: VectorColumn;
  metric: Metric;
  /** As SQL writes it, found whatever the search path. */
  operator: string;
  extensionSchema: string;
  /** The columns that tell rows apart; none where there is no primary key and no column `id`. */
  key: ColumnDescription[];
  shown: ColumnDescription[];
}

export interface SubjectOptions {
  table?: string | undefined;
  vectorColumn?: string | undefined;
  /** Default: what the column's index serves, else cosine, hamming for bit. */
  metric?: Metric | undefined;
  /** Columns to show; default: all but vectors. */
  columns?: readonly string[] | undefined;
  exact?: boolean | undefined;
}

/** From here on a search that no index serves takes long enough to say so. */
const manyRows = 10_000;

export async function findSubject(
  session: Session,
  options: SubjectOptions,
  reporter: Reporter,
): Promise<Subject> {
  const table = await findTable(session, options.table);
  const column = findVectorColumn(table, options.vectorColumn);
  const extension = await requireVectorExtension(session);
  const metric = await chooseMetric(session, table, column, options, reporter);
  const key = keyOf(table);
  if (!options.exact) await warnOfMissingIndexes(session, table, reporter);
  return {
    table,
    column,
    metric,
    operator: qualifiedOperator(extension.schema, operatorOf(metric)),
    extensionSchema: extension.schema,
    key,
    shown: shownColumns(table, column, key, options.columns),
  };
}

async function chooseMetric(
  session: Session,
  table: TableDescription,
  column: VectorColumn,
  options: SubjectOptions,
  reporter: Reporter,
): Promise<Metric> {
  const { metric: asked, exact } = options;
  if (asked !== undefined && !metricsOf(column.vector).includes(asked)) {
    throw new UsageError(`metric ${asked} is not for ${column.vector}, the type of ${column.name}`, {
      code: 'bad-metric',
      hint: `metrics for it: ${metricsOf(column.vector).join(', ')}`,
    });
  }
  const rows = await findVectorIndexes(session, table);
  const served = rows
    .filter((index) => index.valid && index.column === column.name && index.quantization === 'none')
    // A partial index serves only searches that repeat its condition.
    .sort((a, b) => Number(a.predicate !== null) - Number(b.predicate !== null))
    .flatMap((index) => metricOfOperatorClass(index.operatorClass) ?? []);
  const usual = defaultMetric(column.vector);
  const metric = asked ?? (served.includes(usual) ? usual : (served[0] ?? usual));
  if (!exact && !served.includes(metric) && (served.length > 0 || (table.estimatedRows ?? 0) >= manyRows)) {
    const others = served.length > 0 ? ` (there is one for ${[...new Set(served)].join(', ')})` : '';
    reporter.note(
      `no index serves ${metric} on ${column.name}${others}, so every row is compared: ` +
        `\`pgv index create --type hnsw --metric ${metric}${flagsOf(options)}\` makes one`,
    );
  }
  return metric;
}

/** The flags that name the same table and column to another command, as a shell takes them. */
function flagsOf({ table, vectorColumn }: SubjectOptions): string {
  const flag = (name: string, value: string | undefined) =>
    value === undefined
      ? ''
      : ` ${name} ${/^[\w.]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`;
  return flag('-t', table) + flag('--vector-column', vectorColumn);
}

function keyOf(table: TableDescription): ColumnDescription[] {
  const names = table.primaryKey.length > 0 ? table.primaryKey : ['id'];
  return names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
}

function shownColumns(
  table: TableDescription,
  searched: VectorColumn,
  key: readonly ColumnDescription[],
  asked: readonly string[] | undefined,
): ColumnDescription[] {
  // Every hit has its key as `id` anyway.
  const isId = ({ name }: ColumnDescription) => name === 'id' && key.length === 1 && key[0]?.name === 'id';
  if (asked === undefined) {
    const isVector = (column: ColumnDescription) =>
      column.name === searched.name || (column.vector !== undefined && column.vector !== 'bit');
    return table.columns.filter((column) => !isVector(column) && !isId(column));
  }
  return asked
    .map((name) => {
      const column = table.columns.find((each) => each.name === name);
      if (column !== undefined) return column;
      throw new UsageError(`column ${name} does not exist in ${table.name}`, {
        code: 'no-column',
        column: name,
        hint: `columns of ${table.name}: ${table.columns.map((each) => each.name).join(', ')}`,
      });
    })
    .filter((column) => !isId(column));
}
