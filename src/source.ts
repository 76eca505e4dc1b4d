import { open as openDescriptor } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { DatabaseError, PgvError, UsageError } from './errors.ts';

/** Bytes to be read once, from front to back: a file, or stdin. */
export interface Source {
  /** As it is named in messages: the path as it was typed, `stdin`. */
  readonly name: string;
  /** Undefined where it cannot be known beforehand. */
  readonly byteLength: number | undefined;
  /** What changes when the content does: when a file was last written, a URL's ETag; undefined for a stream. */
  readonly modified?: string | undefined;
  /** Fills `target` as far as the source goes. @returns bytes read; fewer than its length only at the end */
  read(target: Uint8Array): Promise<number>;
  /** The same from byte `position` on, whatever has been read; undefined where only what comes next can be read. */
  readonly readAt?: ((target: Uint8Array, position: number) => Promise<number>) | undefined;
  close(): Promise<void>;
}

/**
 * Opens a file for reading.
 * @param name how messages call it
 * @throws UsageError where there is no such file, or it is a directory
 */
export async function openFile(path: string, name: string): Promise<Source> {
  let file: FileHandle | undefined;
  try {
    if ((await stat(path)).isFIFO()) return await openPipe(path, name);
    file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) {
      throw new UsageError(`${name} is a directory`, {
        code: 'is-directory',
        file: name,
        hint: 'name the files in it',
      });
    }
    if (!stats.isFile()) return fileSource(file, name);
    const { mtimeNs } = await file.stat({ bigint: true });
    return await handleSource(file, name, String(mtimeNs));
  } catch (error) {
    await file?.close();
    throw openingError(error, name);
  }
}

/** A pipe, named or of a shell's `<(…)`. Read as a file, it would hold a thread until its writer writes or ends. */
async function openPipe(path: string, name: string): Promise<Source> {
  const descriptor = await promisify(openDescriptor)(path, 'r');
  // The socket owns the descriptor, and closes it.
  return streamSource(new Socket({ fd: descriptor, readable: true, writable: false }), name);
}

/** Reads a stream to its end. */
export function streamSource(stream: Readable, name: string): Source {
  return chunkSource(chunksOf(stream, name), name, async () => void stream.destroy());
}

async function* chunksOf(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw readingError(error, name);
  }
}

/** An open plain file. @param modified see Source */
export async function handleSource(file: FileHandle, name: string, modified?: string): Promise<Source> {
  const { size } = await file.stat();
  return fileSource(file, name, { byteLength: size, modified });
}

/** A source's first bytes, `length` of them where there are so many, and a source that still begins with them. */
export async function beginning(
  source: Source,
  length: number,
): Promise<{ bytes: Uint8Array; whole: Source }> {
  const head = new Uint8Array(length);
  const bytes = head.subarray(0, await source.read(head));
  return { bytes, whole: prefixed(source, bytes) };
}

/** The source with bytes before it that have been read from it already. */
export function prefixed(source: Source, head: Uint8Array): Source {
  let rest = head;
  return {
    ...source,
    read: async (target) => {
      const taken = rest.subarray(0, target.length);
      target.set(taken);
      rest = rest.subarray(taken.length);
      return taken.length + (await source.read(target.subarray(taken.length)));
    },
  };
}

/** What to say of a file that cannot be opened. */
export function openingError(error: unknown, name: string): unknown {
  if (error instanceof PgvError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UsageError(`${name}: no such file`, { code: 'file-not-found', file: name, cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new UsageError(`${name} may not be read`, { code: 'file-not-readable', file: name, cause: error });
  }
  return readingError(error, name);
}

function readingError(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) return error;
  return new DatabaseError(`${name} cannot be read: ${(error as Error).message}`, {
    code: 'read-failed',
    file: name,
    cause: error,
  });
}

/** @param facts left out for what is no plain file: a device */
function fileSource(
  file: FileHandle,
  name: string,
  facts?: { byteLength: number; modified: string | undefined },
): Source {
  /** @param position null: where the last reading ended */
  const fill = async (target: Uint8Array, position: number | null): Promise<number> => {
    let filled = 0;
    while (filled < target.length) {
      const at = position === null ? null : position + filled;
      const { bytesRead } = await file.read(target, filled, target.length - filled, at).catch((error) => {
        throw readingError(error, name);
      });
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  };
  return {
    name,
    byteLength: facts?.byteLength,
    modified: facts?.modified,
    read: (target) => fill(target, null),
    readAt: facts && fill,
    close: () => file.close(),
  };
}

/**
 * Reads chunks, one after the other.
 * @param close frees what they come from; a pending read then ends, or fails
 */
export function chunkSource(
  chunks: AsyncIterator<Uint8Array>,
  name: string,
  close: () => Promise<void>,
): Source {
  let rest: Uint8Array = new Uint8Array(0);
  const read = async (target: Uint8Array): Promise<number> => {
    let filled = 0;
    while (filled < target.length) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done) break;
        rest = next.value;
      }
      const taken = rest.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
    }
    return filled;
  };
  return { name, byteLength: undefined, read, close };
}
