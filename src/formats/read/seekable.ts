import { UsageError } from '../../errors.ts';
import type { Source } from '../../source.ts';

/** A source of known length that can be read from anywhere on. */
export type SeekableSource = Source & { readAt: NonNullable<Source['readAt']>; byteLength: number };

/** @throws UsageError for a source that is read from front to back alone */
export function seekable(source: Source, format: string): SeekableSource {
  const { name, readAt, byteLength } = source;
  if (readAt !== undefined && byteLength !== undefined) return { ...source, readAt, byteLength };
  throw new UsageError(`${name} cannot be read here and there, as ${format} files are`, {
    code: 'needs-file',
    file: name,
    hint: 'that takes an uncompressed file, not a stream',
  });
}
