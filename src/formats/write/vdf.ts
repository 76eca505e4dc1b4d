import { UsageError } from '../../errors.ts';
import type { Metric } from '../../vector/metrics.ts';
import { vdfMetaName } from '../read/vdf/meta.ts';
import type { DatasetFacts, WriteColumn, WriteFormat } from './format.ts';
import { parquetFormat } from './parquet/parquet.ts';

/**
 * The vector data format of vector-io: a folder with files of Parquet and VDF_META.json.
 * https://github.com/AI-Northstar-Tech/vector-io#universal-vector-dataset-format-vdf-specification
 */
export const vdfFormat: WriteFormat = {
  ...parquetFormat,
  name: 'vdf',
  endings: ['vdf'],
  check: (columns) => {
    idColumn(columns);
    vectorColumns(columns);
  },
  dataset: { ending: '.parquet', meta: vdfMetaName, describe },
};

/** The version of vector-io whose datasets these are like. */
const version = '0.1.247';

/** vector-io's names are those of Qdrant, which has no others. */
const metricNames: Partial<Record<Metric, string>> = {
  cosine: 'Cosine',
  l2: 'Euclid',
  ip: 'Dot',
  l1: 'Manhattan',
};

/** What VDF_META.json says: of one index, with one namespace, whose files are in the dataset's folder itself. */
function describe({ name, columns, files, rows, metrics, at }: DatasetFacts): string {
  const vectors = vectorColumns(columns);
  const [first] = vectors;
  const metric = metrics.get(first.name);
  const namespace = {
    namespace: '',
    index_name: name,
    total_vector_count: rows,
    exported_vector_count: rows,
    // −1 has vector-io look at the vectors themselves.
    dimensions: first.type.length ?? -1,
    vector_columns: vectors.map((column) => column.name),
    data_path: '.',
    metric: (metric && metricNames[metric]) ?? null,
  };
  const meta = {
    version,
    file_structure: [...files, vdfMetaName],
    author: 'pgv',
    exported_from: 'pgvector',
    indexes: { [name]: [namespace] },
    exported_at: at.toISOString(),
    id_column: idColumn(columns),
  };
  return `${JSON.stringify(meta, null, 2)}\n`;
}

/** What its readers take for vectors: lists of numbers. @throws UsageError where there are none */
function vectorColumns(columns: readonly WriteColumn[]): [WriteColumn, ...WriteColumn[]] {
  const [first, ...others] = columns.filter(({ type }) => type.name === 'vector' || type.name === 'halfvec');
  if (first !== undefined) return [first, ...others];
  throw new UsageError('vdf holds columns of type vector or halfvec, and there is none', {
    code: 'no-vector-column',
    hint: 'take one along, or choose --format parquet',
  });
}

/** The primary key, else what is called `id`. @throws UsageError where there is none */
function idColumn(columns: readonly WriteColumn[]): string {
  const found = columns.find(({ key }) => key) ?? columns.find(({ name }) => name === 'id');
  if (found !== undefined) return found.name;
  throw new UsageError(
    '--format vdf needs an id for every row: a primary key of one column, or a column `id`',
    {
      code: 'no-key',
      hint: 'give one the name, for example --query "SELECT path AS id, * FROM docs"',
    },
  );
}
