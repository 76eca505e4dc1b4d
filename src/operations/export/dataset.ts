import path from 'node:path';
import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { DatasetLayout, WriteColumn, WriteFormat } from '../../formats/write/format.ts';
import { type Metric, metricOfOperatorClass } from '../../vector/metrics.ts';
import { findVectorIndexes } from '../vector-indexes.ts';
import type { ExportOptions } from './export.ts';
import type { Places } from './places.ts';
import type { Source } from './source.ts';
import type { Telling } from './telling.ts';

/** The file that tells of a dataset's others. @throws UsageError where the export goes to a stream */
export async function describeDataset(
  session: Session,
  { table }: Source,
  columns: readonly WriteColumn[],
  layout: DatasetLayout,
  places: Places,
): Promise<Telling> {
  const metrics = new Map<string, Metric>();
  if (table !== undefined) {
    for (const { column, operatorClass, quantization, valid } of await findVectorIndexes(session, table)) {
      const metric = quantization === 'binary' ? undefined : metricOfOperatorClass(operatorClass);
      if (column !== null && valid && metric !== undefined && !metrics.has(column))
        metrics.set(column, metric);
    }
  }
  const facts = { name: table?.name ?? 'query', columns, metrics, at: new Date() };
  const { path: file, destination } = places.beside(layout.meta);
  return {
    destination,
    text: (written, rows) => {
      const files = written.map((each) => path.relative(path.dirname(file), each.path));
      return layout.describe({ ...facts, files, rows });
    },
  };
}

/** @throws UsageError for what a dataset cannot be */
export function checkDataset(
  { name, dataset }: WriteFormat,
  { manifest, places }: Pick<ExportOptions, 'manifest' | 'places'>,
): void {
  if (dataset === undefined) return;
  places.beside(dataset.meta);
  if (manifest === undefined) return;
  throw new UsageError(`--manifest does not go with --format ${name}, whose files ${dataset.meta} tells of`, {
    hint: 'leave it out, or choose --format parquet',
  });
}
