import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseError } from '../errors.ts';
import { handleSource, type Source } from '../source.ts';

const blockLength = 2 ** 20;

export interface SpoolOptions {
  /** Told how many bytes there are so far. */
  onProgress: (bytes: number) => void;
  /** Ends it. */
  signal: AbortSignal;
}

/** Where a stream is kept: $TMPDIR, else the system's own. */
export const spoolDirectory = tmpdir;

/**
 * What is left of a source, in a temporary file, so that it can be read from anywhere on. Nobody else may read the file,
 * and it has no name (where the system lets an open file lose it): it goes with the process, however that ends.
 * @throws DatabaseError where there is no room, or the directory does not take files
 */
export async function spooled(source: Source, { onProgress, signal }: SpoolOptions): Promise<Source> {
  const file = path.join(spoolDirectory(), `pgv-${randomUUID()}`);
  const handle = await open(file, 'wx+', 0o600).catch((error) => {
    throw spoolingError(error, source.name);
  });
  const unnamed = await unlink(file).then(
    () => true,
    () => false,
  );
  const close = async () => {
    await handle.close();
    if (!unnamed) await unlink(file).catch(() => {});
  };
  try {
    await copy(source, handle, { onProgress, signal });
    const spool = await handleSource(handle, source.name);
    return {
      ...spool,
      close: async () => {
        await close();
        await source.close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copy(source: Source, file: FileHandle, { onProgress, signal }: SpoolOptions): Promise<void> {
  const block = new Uint8Array(blockLength);
  for (let position = 0; ; ) {
    const length = await source.read(block);
    signal.throwIfAborted();
    for (let written = 0; written < length; ) {
      const { bytesWritten } = await file
        .write(block, written, length - written, position + written)
        .catch((error) => {
          throw spoolingError(error, source.name);
        });
      written += bytesWritten;
    }
    position += length;
    onProgress(position);
    if (length < blockLength) return;
  }
}

function spoolingError(error: NodeJS.ErrnoException, file: string): DatabaseError {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(error.code ?? '');
  const directory = spoolDirectory();
  const message = full
    ? `${file} does not fit into ${directory}, where it is kept while it is read`
    : `${file} cannot be kept in ${directory} while it is read: ${error.message}`;
  return new DatabaseError(message, {
    code: full ? 'disk-full' : 'write-failed',
    file,
    hint: 'TMPDIR names another directory; a plain file, uncompressed, needs none',
    cause: error,
  });
}
