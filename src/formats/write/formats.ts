import { UsageError } from '../../errors.ts';
import { fvecsFormat } from './arrays/fvecs.ts';
import { npyFormat } from './arrays/npy.ts';
import { npzFormat } from './arrays/npz.ts';
import { arrowFormat } from './arrow/arrow.ts';
import { binaryFormat } from './binary.ts';
import { csvFormat, tsvFormat } from './csv/csv.ts';
import type { Compression, WriteFormat } from './format.ts';
import { jsonlFormat } from './jsonl/jsonl.ts';
import { parquetFormat } from './parquet/parquet.ts';
import { vdfFormat } from './vdf.ts';

/** Every format that rows can be written as. */
export const writeFormats: readonly WriteFormat[] = [
  csvFormat,
  tsvFormat,
  jsonlFormat,
  npyFormat,
  npzFormat,
  fvecsFormat,
  binaryFormat,
  parquetFormat,
  arrowFormat,
  vdfFormat,
];

const names = writeFormats.map(({ name }) => name).join(', ');

/** Endings that promise something else: a file of this name with CSV in it would mislead its reader. */
const foreignEndings = new Set('bz2 xz zip json xlsx avro orc bvecs ivecs hdf5 h5'.split(' '));

/** Endings that mean that the file is compressed. */
const compressedEndings: Record<string, Compression> = { gz: 'gzip', zst: 'zstd' };

/** What a file's name says: `docs.csv.gz` is csv, by gzip. */
export interface NamedFormat {
  format: WriteFormat;
  /** Undefined: the name says nothing of it. */
  compression: Compression | undefined;
  /** The ending, which means no format, for which CSV was taken. */
  unknownEnding?: string;
}

/** @throws Error for a name that no format has */
export function writeFormatNamed(name: string): WriteFormat {
  const format = writeFormats.find((candidate) => candidate.name === name);
  if (format === undefined) throw new Error(`no format is called ${name}`);
  return format;
}

/**
 * The format that is asked for by name, else the one that the file's ending means, else CSV.
 * @throws UsageError for a name that no format has, or an ending that is another format's
 */
export function writeFormatFor(name: string | undefined, path: string | undefined): NamedFormat {
  const endings =
    path
      ?.toLowerCase()
      .match(/[^./\\]\.([^./\\]+(?:\.(?:gz|zst))?)$/)?.[1]
      ?.split('.') ?? [];
  const compression = compressedEndings[endings.at(-1) ?? ''];
  if (name !== undefined) return { format: namedByUser(name), compression };
  const ending = (compression === undefined ? endings.at(-1) : endings.at(-2)) ?? '';
  if (foreignEndings.has(ending)) {
    throw new UsageError(`${path} ends in .${ending}, which is no format that can be written`, {
      hint: `choose another name, or say with --format what it is to be nevertheless: ${names}`,
    });
  }
  const format = writeFormats.find((candidate) => candidate.endings.includes(ending));
  if (format !== undefined) return { format, compression };
  const csv = { format: writeFormatNamed('csv'), compression };
  return ending === '' ? csv : { ...csv, unknownEnding: ending };
}

function namedByUser(name: string): WriteFormat {
  const named = writeFormats.find((format) => [format.name, ...format.endings].includes(name.toLowerCase()));
  if (named !== undefined) return named;
  throw new UsageError(`format ${name} is not known`, { hint: `--format takes ${names}` });
}
