import fs from 'node:fs';
import path from 'node:path';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';

/** The major version of PostgreSQL that PGlite is; a data directory is bound to it. */
const majorVersion = '18';
/** Holds a new database until all of it is there; `PG_VERSION`, moved last, says that it is. */
export const unfinished = '.pgv-unfinished';
/** Tells the next one who holds the lock (lock.ts). */
export const pidFile = 'pgv.pid';
/** The lock itself, for those who share the directory but not the network namespace. */
export const socketFile = 'pgv.sock';
/** What a lock leaves in the directory is no part of a database. */
export const isOfLock = (name: string): boolean => name === pidFile || name === socketFile;

/** The directory as people name it: `./.pgv` below the current one, else its full path. */
export function describeDirectory(directory: string): string {
  const relative = path.relative(process.cwd(), directory);
  return relative.startsWith('..') || path.isAbsolute(relative) ? directory : `./${relative}`;
}

/**
 * What is in a directory. `empty`: nothing, or no directory; `unfinished`: a database whose making was killed.
 * @throws DatabaseError when it is something else, or cannot be read
 */
export function inspectDirectory(directory: string): 'database' | 'unfinished' | 'empty' {
  try {
    const names = listDirectory(directory);
    if (names.includes('PG_VERSION')) {
      checkVersion(directory);
      return 'database';
    }
    if (names.includes(unfinished)) return 'unfinished';
    if (names.length === 0) return 'empty';
  } catch (error) {
    throw directoryError(directory, error);
  }
  throw new DatabaseError(
    `${describeDirectory(directory)} is not empty, and not an embedded database of pgv's`,
    { hint: 'name another directory with -d pglite:<dir>', code: 'not-a-database' },
  );
}

/**
 * Makes the directory and those above it. (Node 20's own way to do that never returns where a file system, such as
 * /proc, answers ENOENT.)
 */
export function makeDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && fs.statSync(directory).isDirectory()) return;
    const parent = path.dirname(directory);
    if (code !== 'ENOENT' || parent === directory) throw error;
    makeDirectory(parent);
    fs.mkdirSync(directory, { mode: 0o700 });
  }
}

/** @throws UsageError: there is no database, and this command makes none */
export function requireDatabase(directory: string): void {
  if (inspectDirectory(directory) === 'database') return;
  throw new UsageError(`there is no embedded database in ${describeDirectory(directory)} yet`, {
    code: 'no-database',
    hint: '`pgv ingest <file>` or `pgv init` makes one; -d names another database',
  });
}

/** What the file system said about the directory, as a person can use it. */
export function directoryError(directory: string, error: unknown): Error {
  if (error instanceof PgvError) return error;
  const shown = describeDirectory(directory);
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = reasons[code] ?? message;
  const isFull = /no space left|quota/i.test(reason);
  const hint = isFull ? full : code in reasons ? notWritable : damaged;
  return new DatabaseError(`the embedded database in ${shown} cannot be opened: ${reason}`, {
    code: 'directory',
    hint,
    cause: error,
  });
}

const notWritable =
  'name a directory that can be written with -d pglite:<dir>, or a server with -d postgresql://…';
const full = 'free some space, or name a directory on another disk with -d pglite:<dir>';
const damaged = 'if it is damaged, remove it and ingest again, or name another one with -d pglite:<dir>';

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it cannot be made there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a directory',
  EEXIST: 'it is a file, not a directory',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
};

function listDirectory(directory: string): string[] {
  try {
    return fs.readdirSync(directory).filter((name) => !isOfLock(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function checkVersion(directory: string): void {
  const version = fs.readFileSync(path.join(directory, 'PG_VERSION'), 'utf8').trim();
  if (version === majorVersion) return;
  throw new DatabaseError(
    `the embedded database in ${describeDirectory(directory)} is of PostgreSQL ${version}, this pgv's is ${majorVersion}`,
    { hint: 'open it with the pgv that made it, or name another directory with -d pglite:<dir>' },
  );
}
