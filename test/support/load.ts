import { Readable } from 'node:stream';
import type { Database } from '../../src/database/database.ts';
import { csv } from '../../src/formats/read/csv/csv.ts';
import type { OpenOptions } from '../../src/formats/read/format.ts';
import { type IngestOptions, type IngestSummary, ingest } from '../../src/operations/ingest/ingest.ts';
import { type Reporter, silentReporter } from '../../src/progress.ts';
import { streamSource } from '../../src/source.ts';

export interface Load extends Partial<IngestOptions>, OpenOptions {
  table: string;
  reporter?: Reporter;
  signal?: AbortSignal;
}

/** Ingests CSV text, named `test.csv` in messages, the way the command does; two lanes where the database has them. */
export async function load(
  database: Database,
  content: string | Uint8Array,
  { reporter = silentReporter, signal = new AbortController().signal, ...options }: Load,
): Promise<IngestSummary> {
  const source = streamSource(Readable.from([Buffer.from(content)], { objectMode: true }), 'test.csv');
  return ingest(
    database,
    await csv.open(source, options),
    {
      jobs: 2,
      create: true,
      types: new Map(),
      onConflict: 'error',
      atomic: false,
      byteLength: undefined,
      ...options,
    },
    reporter,
    signal,
  );
}

/** A field in quotes. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** A file of these records, every value in quotes, NULL as an empty field. */
export function csvText(records: readonly (readonly (string | null)[])[]): string {
  return records
    .map((record) => `${record.map((text) => (text === null ? '' : quoted(text))).join(',')}\n`)
    .join('');
}
