import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { statOrNone, syncDirectory, writing } from '../written-file.ts';
import type { FileDestination, Output } from './output.ts';

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
  return {
    write: (chunk) => attempt(path, () => writeWhole(handle, chunk)),
    finish: () => attempt(path, () => handle.close()),
    publish: async () => {},
    abandon: () => handle.close(),
  };
}

async function openBeside(path: string, location: string, existing: Stats | undefined): Promise<Output> {
  // A link stays a link: what it points to is replaced.
  const target = existing === undefined ? location : await realpath(location);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.part`);
  const handle = await attempt(path, () => open(temporary, 'wx'));
  return {
    write: (chunk) => attempt(path, () => writeWhole(handle, chunk)),
    finish: () =>
      attempt(path, async () => {
        if (existing !== undefined) await handle.chmod(existing.mode & 0o7777);
        await handle.sync();
        await handle.close();
      }),
    publish: () =>
      attempt(path, async () => {
        await rename(temporary, target);
        await syncDirectory(dirname(target));
      }),
    abandon: async () => {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}

/** The file system may take less than it is given. */
async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let rest = chunk; rest.length > 0; ) {
    const { bytesWritten } = await handle.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

const attempt = <T>(path: string, work: () => Promise<T>): Promise<T> =>
  writing({ path, flag: '-o', whenFull: 'nothing was left behind' }, work);
