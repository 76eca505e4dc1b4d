import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseError, type PgvError, UsageError } from '../../errors.ts';
import type { FileDestination, Output } from './output.ts';

/** Bytes gathered before they are written. */
const writeSize = 1 << 20;

/**
 * Opens a file for writing. A regular file is written under a temporary name beside its own and takes its name when
 * it is whole and on the disk; a pipe or a device is written in place.
 * @throws UsageError for a file that is there already (unless `overwrite`), or a directory that is not
 */
export async function openFile({ path, directory, overwrite }: FileDestination): Promise<Output> {
  const location = resolve(directory, path);
  const existing = await attempt(path, () => statOrNone(location));
  if (existing?.isDirectory()) {
    throw new UsageError(`${path} is a directory`, { file: path, hint: 'name a file in it' });
  }
  if (existing !== undefined && !existing.isFile()) return openInPlace(path, location);
  if (existing !== undefined && !overwrite) {
    throw new UsageError(`${path} exists already`, {
      code: 'file-exists',
      file: path,
      hint: '--force overwrites it',
    });
  }
  return openBeside(path, location, existing);
}

async function openInPlace(path: string, location: string): Promise<Output> {
  const handle = await attempt(path, () => open(location, 'w'));
  const buffer = gather(handle, path);
  return {
    write: buffer.write,
    finish: async () => {
      await buffer.flush();
      await attempt(path, () => handle.close());
    },
    abandon: () => handle.close(),
  };
}

async function openBeside(path: string, location: string, existing: Stats | undefined): Promise<Output> {
  // A link stays a link: what it points to is replaced.
  const target = existing === undefined ? location : await realpath(location);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.part`);
  const handle = await attempt(path, () => open(temporary, 'wx'));
  const buffer = gather(handle, path);
  return {
    write: buffer.write,
    finish: async () => {
      await buffer.flush();
      await attempt(path, async () => {
        if (existing !== undefined) await handle.chmod(existing.mode & 0o7777);
        await handle.sync();
        await handle.close();
        await rename(temporary, target);
        await syncDirectory(dirname(target));
      });
    },
    abandon: async () => {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}

/** One call to the file system for many small chunks: a socket's are 64 KB at most. */
function gather(handle: FileHandle, path: string) {
  let chunks: Uint8Array[] = [];
  let size = 0;
  const flush = async () => {
    const full = chunks;
    chunks = [];
    size = 0;
    if (full.length > 0) await attempt(path, () => writeAll(handle, full));
  };
  const write = async (chunk: Uint8Array) => {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= writeSize) await flush();
  };
  return { write, flush };
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = Buffer.concat(chunks);
  while (rest.byteLength > 0) {
    const { bytesWritten } = await handle.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

/** Makes the new name itself last through a power cut; Windows cannot open a directory, and need not. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

async function statOrNone(location: string): Promise<Stats | undefined> {
  return stat(location).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(path, error as NodeJS.ErrnoException);
  }
}

/** What the file system refused, in words; an EPIPE stays itself, for the terminal to end quietly. */
function fileError(path: string, error: NodeJS.ErrnoException): PgvError | NodeJS.ErrnoException {
  const details = { file: path, cause: error };
  switch (error.code) {
    case 'EPIPE':
      return error;
    case 'ENOENT':
    case 'ENOTDIR':
      return new UsageError(`directory ${dirname(path)} does not exist`, {
        ...details,
        code: 'file-not-found',
        hint: 'make it first, or choose another with -o',
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return new DatabaseError(`${path} cannot be written: no space left on the device`, {
        ...details,
        code: 'disk-full',
        hint: 'free some space or choose another place with -o; nothing was left behind',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DatabaseError(
        `${path} cannot be written: ${error.code === 'EROFS' ? 'the file system is read-only' : 'no permission'}`,
        {
          ...details,
          code: 'file-not-writable',
          hint: 'choose another place with -o',
        },
      );
    default:
      return new DatabaseError(`${path} cannot be written: ${error.message}`, details);
  }
}
