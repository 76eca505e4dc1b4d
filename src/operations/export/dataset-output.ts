import path from 'node:path';
import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { DatasetFacts, DatasetLayout, WriteColumn, WriteFormat } from '../../formats/write/format.ts';
import { type VectorIndex, vectorIndexesOf } from '../../sql/indexes.ts';
import { type Metric, metricOfOperatorClass } from '../../vector/metrics.ts';
import type { ExportOptions } from './export.ts';
import type { ExportedFile } from './file-set.ts';
import { type Output, openOutput } from './output.ts';
import type { Places } from './places.ts';
import type { Source } from './source.ts';

/** What is known of a dataset before its files are written. */
export interface DatasetHead {
  layout: DatasetLayout;
  facts: Omit<DatasetFacts, 'files' | 'rows'>;
}

export async function describeDataset(
  session: Session,
  { table }: Source,
  columns: readonly WriteColumn[],
  layout: DatasetLayout,
): Promise<DatasetHead> {
  const metrics = new Map<string, Metric>();
  if (table !== undefined) {
    const { rows } = await session.query<VectorIndex>(vectorIndexesOf(table.oid));
    for (const { column, operatorClass, valid } of rows) {
      const metric = metricOfOperatorClass(operatorClass);
      if (column !== null && valid && metric !== undefined && !metrics.has(column))
        metrics.set(column, metric);
    }
  }
  return { layout, facts: { name: table?.name ?? 'query', columns, metrics, at: new Date() } };
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

/** The file that tells of the others, while they are written: opened with the first, and shown after the last. */
export class DatasetOutput {
  private readonly output: Output;
  private readonly head: DatasetHead;
  private readonly directory: string;

  private constructor(output: Output, head: DatasetHead, directory: string) {
    this.output = output;
    this.head = head;
    this.directory = directory;
  }

  /** @throws UsageError where there is such a file already, or the export goes to a stream */
  static async open(places: Places, head: DatasetHead): Promise<DatasetOutput> {
    const { path: file, destination } = places.beside(head.layout.meta);
    return new DatasetOutput(await openOutput(destination), head, path.dirname(file));
  }

  /** @returns what shows it */
  async finish(written: readonly ExportedFile[], rows: number): Promise<Output> {
    const { layout, facts } = this.head;
    const files = written.map((file) => path.relative(this.directory, file.path));
    await this.output.write(Buffer.from(layout.describe({ ...facts, files, rows })));
    await this.output.finish();
    return this.output;
  }

  abandon(): Promise<void> {
    return this.output.abandon();
  }
}
