import { Readable } from 'node:stream';
import type { Database } from '../../src/database/database.ts';
import { csv } from '../../src/formats/read/csv/csv.ts';
import type { OpenOptions, ReadFormat } from '../../src/formats/read/format.ts';
import { ingest } from '../../src/operations/ingest/ingest.ts';
import type { IngestOptions } from '../../src/operations/ingest/ingest-options.ts';
import type { Input } from '../../src/operations/ingest/input.ts';
import type { IngestSummary } from '../../src/operations/ingest/summary.ts';
import { type Reporter, silentReporter } from '../../src/progress.ts';
import { streamSource } from '../../src/source.ts';

export interface Load extends Partial<IngestOptions>, OpenOptions {
  table: string;
  reporter?: Reporter;
  signal?: AbortSignal;
  /** By default CSV. */
  format?: ReadFormat;
}

/**
 * Ingests a file, named `test.<format>` in messages, the way the command does: by two lanes, where the database has them
 * and `pieceLength` makes more than a piece of it.
 */
export async function load(
  database: Database,
  content: string | Uint8Array,
  { reporter = silentReporter, signal = new AbortController().signal, format = csv, ...options }: Load,
): Promise<IngestSummary> {
  const name = `test.${format.name}`;
  const input: Input = {
    name,
    describe: async () => ({ name }),
    open: async () => {
      const source = streamSource(Readable.from([Buffer.from(content)], { objectMode: true }), name);
      return { file: await format.open(source, options), byteLength: undefined, close: () => source.close() };
    },
  };
  return ingest(
    database,
    [input],
    {
      jobs: options.pieceLength === undefined ? 1 : 2,
      create: true,
      types: new Map(),
      onConflict: 'error',
      atomic: false,
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
