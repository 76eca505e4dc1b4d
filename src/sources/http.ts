import { chunkSource, type Source } from '../source.ts';
import { HttpFile, type Patience } from './http-file.ts';
import { HttpRanges } from './http-ranges.ts';

const patient: Patience = { idle: 30_000, firstPause: 250 };

export interface HttpOptions {
  /** Told of each new try. */
  note: (line: string) => void;
  /** Ends the opening; what is open is closed by who has it. */
  signal: AbortSignal;
  patience?: Patience;
}

/**
 * A file of a server of HTTP. Of one that serves ranges it can be read from anywhere on, and a connection that breaks is
 * made again; of another, it is a stream.
 * @throws UsageError where there is no such file or it may not be read; DatabaseError where the server cannot be reached
 */
export async function openHttp(url: URL, { note, signal, patience = patient }: HttpOptions): Promise<Source> {
  const file = new HttpFile(url, note, patience);
  const chunks = file.bytes(0);
  const close = async () => file.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    await chunks.next();
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
  const { byteLength, etag, lastModified } = file.facts!;
  const ranges = file.hasRanges && byteLength !== undefined ? new HttpRanges(file, byteLength) : undefined;
  return {
    ...chunkSource(chunks, file.name, close),
    byteLength,
    modified: etag ?? lastModified,
    readAt: ranges?.readAt,
  };
}
