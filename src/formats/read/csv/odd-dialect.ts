import { Readable } from 'node:stream';
import type { CsvError, Options } from 'csv-parse';
import { DataError, UsageError } from '../../../errors.ts';
import { chunkSource, type Source } from '../../../source.ts';
import { blocksOf } from '../../../sources/chunks.ts';
import type { OpenOptions } from '../format.ts';

// Dialects that the scanner of bytes does not read are read by csv-parse, and written anew as plain CSV: slower, and
// rejected rows and their byte offsets are those of the plain text.

/** Characters of plain CSV that are given on at a time. */
const blockLength = 2 ** 16;

/** Whether the dialect's characters are others than the scanner's, which are one byte long. */
export function isOdd(options: OpenOptions): boolean {
  return [options.delimiter, options.quote, options.escape].some(
    (text) => text !== undefined && text !== '\\t' && (text.length !== 1 || text.charCodeAt(0) > 0x7f),
  );
}

/**
 * The same rows as plain CSV: commas, double quotes, NULL as nothing.
 * @throws UsageError for a dialect that none can read
 */
export async function plainCsv(source: Source, options: OpenOptions): Promise<Source> {
  const { delimiter = ',', quote = '"', null: nullText = '' } = options;
  const dialect = { delimiter, quote, escape: options.escape ?? quote };
  for (const [flag, text] of Object.entries(dialect)) {
    if (text !== '' && !/[\r\n\0]/.test(text)) continue;
    throw new UsageError(`--${flag} takes one character or more, and no line end`);
  }
  const csvParse = await import('csv-parse');
  const parser = csvParse.parse({
    ...dialect,
    bom: true,
    relax_column_count: true,
    // Only here it is known whether a field was quoted.
    cast: (text: string, { quoting }) => plainField(text, quoting, nullText),
  } satisfies Options);
  const input = Readable.from(blocksOf(source), { objectMode: false });
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  // Their codes do not all begin alike.
  const isCsvError = (error: unknown): error is CsvError => error instanceof csvParse.CsvError;
  return chunkSource(plainLines(parser, source.name, isCsvError), source.name, async () => {
    input.destroy();
    parser.destroy();
    await source.close();
  });
}

function plainField(text: string, quoted: boolean, nullText: string): string {
  if (!quoted && text === nullText) return '';
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function* plainLines(
  records: AsyncIterable<string[]>,
  file: string,
  isCsvError: (error: unknown) => error is CsvError,
): AsyncGenerator<Uint8Array> {
  let text = '';
  let row = 0;
  try {
    for await (const record of records) {
      row++;
      text += `${record.join(',')}\n`;
      if (text.length < blockLength) continue;
      yield Buffer.from(text);
      text = '';
    }
  } catch (error) {
    throw isCsvError(error) ? broken(error, file, row) : error;
  }
  yield Buffer.from(text);
}

/** @param before records that were read, the header among them */
function broken({ message }: CsvError, file: string, before: number): DataError {
  return new DataError(message.split('\n')[0]!.replace(/\.$/, ''), {
    code: 'bad-csv',
    sqlstate: '22P04',
    file,
    row: Math.max(1, before),
    hint: 'do --delimiter, --quote and --escape say how the file is written?',
  });
}
