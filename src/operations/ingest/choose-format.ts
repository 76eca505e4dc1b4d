import { UsageError } from '../../errors.ts';
import { type CsvOptions, csvFlag } from '../../formats/read/csv-flags.ts';
import type { ReadFormat } from '../../formats/read/format.ts';
import {
  formatOf,
  formatOfBytes,
  jsonOfBytes,
  readFormat,
  readFormats,
  tellingLength,
} from '../../formats/read/formats.ts';
import { beginning, type Source } from '../../source.ts';
import { withoutCompression } from '../../sources/decompress.ts';
import type { NamedInput } from '../../sources/inputs.ts';

/**
 * The format of an input: by --format, else by the file's name, and where that says nothing by its first bytes.
 * @throws UsageError where nothing tells it, or its first bytes are of another
 */
export async function chooseFormat(
  source: Source,
  { name, fileName }: NamedInput,
  options: CsvOptions & { format?: string | undefined },
): Promise<{ format: ReadFormat; whole: Source }> {
  const { bytes, whole } = await beginning(source, tellingLength);
  const marked = formatOfBytes(bytes);
  const told = marked ?? (csvFlag(options) === undefined ? jsonOfBytes(bytes) : undefined);
  const named = formatOf(withoutCompression(fileName));
  const guessed = fileName === '-' ? (told ?? named) : (named ?? told);
  const format = options.format === undefined ? guessed : readFormat(options.format);
  if (isZip(bytes) && format !== told) {
    throw new UsageError(`${name} is a zip archive, which pgv does not unpack`, {
      code: 'no-decompression',
      file: name,
      hint: 'unpack it before: unzip -p <file> | pgv ingest - -t <table>',
    });
  }
  // Letters alone, as Parquet's, may begin a text.
  if (format?.text && marked !== undefined && bytes.some((byte) => byte < 9)) {
    throw new UsageError(`${name} is ${marked.name} by its first bytes, and not ${format.name}`, {
      code: 'wrong-format',
      file: name,
      hint: `say --format ${marked.name}`,
    });
  }
  if (format !== undefined) return { format, whole };
  throw new UsageError(`${name}: nothing in its name says which format it has`, {
    code: 'unknown-format',
    file: name,
    hint: `say --format ${readFormats.map((each) => each.name).join(' or ')}`,
  });
}

/** `PK`, and the number of a file's header (APPNOTE.TXT, section 4.3.7). */
const isZip = ([...head]: Uint8Array): boolean => [0x50, 0x4b, 3, 4].every((byte, i) => head[i] === byte);

/** @throws UsageError where --dataset names an array of a format that holds none */
export function refuseDataset(format: ReadFormat, dataset: string | undefined): void {
  if (dataset === undefined || format.datasets) return;
  const several = readFormats.filter(({ datasets }) => datasets).map(({ name }) => name);
  throw new UsageError(
    `--dataset names an array of ${several.join(' or ')}, and the format is ${format.name}`,
    {
      hint: 'leave --dataset out',
    },
  );
}
