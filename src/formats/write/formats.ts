import { UsageError } from '../../errors.ts';
import { binaryFormat } from './binary.ts';
import { csvFormat } from './csv.ts';
import type { WriteFormat } from './format.ts';

/** Every format that rows can be written as. */
export const writeFormats: readonly WriteFormat[] = [csvFormat, binaryFormat];

/**
 * The format that is asked for by name, else the one that the file's ending means, else CSV.
 * @throws UsageError for a name that no format has
 */
export function writeFormatFor(name: string | undefined, path: string | undefined): WriteFormat {
  if (name !== undefined) {
    const named = writeFormats.find((format) => format.name === name.toLowerCase());
    if (named !== undefined) return named;
    throw new UsageError(`format ${name} is not known`, {
      hint: `--format takes ${writeFormats.map((format) => format.name).join(' or ')}`,
    });
  }
  const ending = path?.toLowerCase().match(/\.([^./\\]+)$/)?.[1] ?? '';
  return writeFormats.find((format) => format.endings.includes(ending)) ?? csvFormat;
}
