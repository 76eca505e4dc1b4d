import { UsageError } from '../../errors.ts';
import { fvecsFormat } from './arrays/fvecs.ts';
import { npyFormat } from './arrays/npy.ts';
import { npzFormat } from './arrays/npz.ts';
import { binaryFormat } from './binary.ts';
import { csvFormat } from './csv.ts';
import type { WriteFormat } from './format.ts';

/** Every format that rows can be written as. */
export const writeFormats: readonly WriteFormat[] = [
  csvFormat,
  npyFormat,
  npzFormat,
  fvecsFormat,
  binaryFormat,
];

const names = writeFormats.map((format) => format.name).join(' or ');

/** Endings that promise something else than CSV: a file of this name with CSV in it would mislead its reader. */
const foreignEndings = new Set(
  'gz zst bz2 xz zip tsv json jsonl ndjson bvecs ivecs parquet arrow hdf5 vdf'.split(' '),
);

/**
 * The format that is asked for by name, else the one that the file's ending means, else CSV.
 * @throws UsageError for a name that no format has, or an ending that is another format's
 */
export function writeFormatFor(name: string | undefined, path: string | undefined): WriteFormat {
  if (name !== undefined) {
    const named = writeFormats.find((format) => format.name === name.toLowerCase());
    if (named !== undefined) return named;
    throw new UsageError(`format ${name} is not known`, {
      hint: `--format takes ${names}`,
    });
  }
  const ending = path?.toLowerCase().match(/\.([^./\\]+)$/)?.[1] ?? '';
  if (foreignEndings.has(ending)) {
    throw new UsageError(`${path} ends in .${ending}, which is no format that can be written`, {
      hint: `choose another name, or say with --format that it is to be ${names} nevertheless`,
    });
  }
  return writeFormats.find((format) => format.endings.includes(ending)) ?? csvFormat;
}
