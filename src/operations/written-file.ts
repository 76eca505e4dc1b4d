import { existsSync, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseError, PgvError, UsageError } from '../errors.ts';

/** Makes the new name itself last through a power cut; Windows cannot open a directory, and need not. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** What is known of a file; undefined where there is none. */
export async function statOrNone(location: string): Promise<Stats | undefined> {
  return stat(location).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** A file that is written, for messages about it. */
export interface WrittenFile {
  /** As it was typed. */
  path: string;
  /** The flag that names it. */
  flag: string;
  /** What is known of it when the disk is full. */
  whenFull: string;
}

/** @throws UsageError or DatabaseError, in words, where the file system refuses the work */
export async function writing<T>(file: WrittenFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof PgvError ? error : fileError(file, error as NodeJS.ErrnoException);
  }
}

/** What the file system refused, in words; an EPIPE stays itself, for the terminal to end quietly. */
function fileError(
  { path, flag, whenFull }: WrittenFile,
  error: NodeJS.ErrnoException,
): PgvError | NodeJS.ErrnoException {
  const details = { file: path, cause: error };
  switch (error.code) {
    case 'EPIPE':
      return error;
    case 'ENOENT':
    case 'ENOTDIR':
      return existsSync(dirname(path))
        ? new UsageError(`${path} cannot be made: ${dirname(path)} takes no files`, {
            ...details,
            code: 'file-not-writable',
            hint: `choose another place with ${flag}`,
          })
        : new UsageError(`directory ${dirname(path)} does not exist`, {
            ...details,
            code: 'file-not-found',
            hint: `make it first, or choose another with ${flag}`,
          });
    case 'ENOSPC':
    case 'EDQUOT':
      return new DatabaseError(`${path} cannot be written: no space left on the device`, {
        ...details,
        code: 'disk-full',
        hint: `free some space or choose another place with ${flag}; ${whenFull}`,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DatabaseError(
        `${path} cannot be written: ${error.code === 'EROFS' ? 'the file system is read-only' : 'no permission'}`,
        {
          ...details,
          code: 'file-not-writable',
          hint: `choose another place with ${flag}`,
        },
      );
    default:
      return new DatabaseError(`${path} cannot be written: ${error.message}`, details);
  }
}
