import { InvalidArgumentError } from 'commander';
import { UsageError } from '../../src/errors.ts';
import type { Compression } from '../../src/formats/write/format.ts';
import { type NamedFormat, writeFormatFor } from '../../src/formats/write/formats.ts';
import { filePlaces } from '../../src/operations/export/file-places.ts';
import type { Split } from '../../src/operations/export/file-set.ts';
import { type Places, streamPlaces } from '../../src/operations/export/places.ts';
import type { Context } from '../context.ts';
import { byteSize } from '../option-values.ts';

/** Where to, as what, in how many files. */
export interface OutputFlags {
  output?: string;
  format?: string;
  compress?: Compression;
  split?: Split;
  force?: true;
}

/** --split's argument: a number of rows, or a size with its unit. */
export function splitValue(text: string): Split {
  if (/[a-z]$/i.test(text)) return { bytes: byteSize(text) };
  const rows = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(rows) && rows > 0) return { rows };
  throw new InvalidArgumentError('It must be a number of rows, such as 1000000, or a size, such as 2GB.');
}

/**
 * The format and its compression, by flags or the file's name.
 * @throws UsageError where they contradict each other
 */
export function formatOf({ format: name, output, compress }: OutputFlags): NamedFormat {
  const named = writeFormatFor(name, output === '-' ? undefined : output);
  const compression = compress ?? named.compression;
  const { format } = named;
  if (compression === undefined) return named;
  if (compress !== undefined && named.compression !== undefined && compress !== named.compression) {
    throw new UsageError(`${output} promises ${named.compression}, and --compress says ${compress}`, {
      hint: 'leave --compress out, or choose another name',
    });
  }
  if (format.compression !== 'around' && !format.compression.includes(compression)) {
    throw new UsageError(`--format ${format.name} cannot be compressed with ${compression}`, {
      hint:
        format.compression.length === 0
          ? 'leave the compression out'
          : `--compress takes ${format.compression.join(' or ')} with it`,
    });
  }
  if (format.compression !== 'around' && named.compression !== undefined) {
    throw new UsageError(
      `${output}: ${format.name} compresses within, its file is none of ${named.compression}'s`,
      {
        hint: `name it .${format.name}`,
      },
    );
  }
  return { ...named, compression };
}

/** @throws UsageError for flags that a stream cannot follow, where the output is one */
export function checkStream({ output, split }: OutputFlags, isTerminal: boolean): void {
  if (split === undefined || (output ?? (isTerminal ? '' : '-')) !== '-') return;
  throw new UsageError('--split needs -o: stdout is one stream', {
    hint: 'name a file or a directory with -o',
  });
}

/** stdout, or files named by the user or after the table. */
export async function placesOf(
  { options, output, io, reporter }: Context<OutputFlags>,
  { format, compression, unknownEnding }: NamedFormat,
  table: string,
): Promise<Places> {
  const around = format.compression === 'around' && compression !== undefined;
  const suffix = around ? { gzip: '.gz', zstd: '.zst' }[compression] : '';
  const ending = format.dataset?.ending ?? `.${format.name}${suffix}`;
  const given = options.output ?? (output.isTerminal ? `${table}.${format.name}${suffix}` : '-');
  if (given !== '-') {
    if (unknownEnding !== undefined) {
      reporter.note(
        `${given} is written as csv: no format has the ending .${unknownEnding} (--format names another)`,
      );
    }
    if (suffix !== '' && options.compress !== undefined && /[^/\\]$/.test(given) && !given.endsWith(suffix)) {
      reporter.warn(
        `${given} will hold ${compression}, which its name does not say: ${given}${suffix} would`,
      );
    }
    return filePlaces({
      output: given,
      baseName: table,
      ending,
      besides: format.besides,
      cwd: io.cwd,
      overwrite: options.force === true,
      numbered: options.split !== undefined,
      directory: format.dataset !== undefined,
    });
  }
  if (format.binary || compression !== undefined) output.refuseBinaryOnTerminal();
  return streamPlaces(output.write);
}
