import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError, UsageError } from '../../errors.ts';
import { isRunning } from '../processes.ts';
import { statOrNone, syncDirectory, writing } from '../written-file.ts';
import type { FileDestination, Output } from './output.ts';

/** Bytes after which the disk is asked to keep what it has, so that there is little to wait for at the end. */
const syncEvery = 2 ** 26;

/** Bytes a read. */
const readLength = 2 ** 20;

/**
 * Opens a file for writing. A regular file is written under a temporary name beside its own and takes its name when
 * it is whole and on the disk; a pipe or a device is written in place.
 * @throws UsageError for a file that is there already (unless `overwrite`), or a directory that is not
 */
export async function openFile(destination: FileDestination): Promise<Output> {
  const { path, directory, overwrite } = destination;
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
  return openBeside(destination, location, existing);
}

/** Nothing was there before. */
export async function* noBytes(): AsyncGenerator<Uint8Array> {}

async function openInPlace(path: string, location: string): Promise<Output> {
  const handle = await attempt(path, () => open(location, 'w'));
  return {
    write: (chunk) => attempt(path, () => writeWhole(handle, chunk)),
    finish: () => attempt(path, () => handle.close()),
    publish: async () => {},
    abandon: () => handle.close(),
    flush: async () => {},
    earlier: noBytes,
  };
}

async function openBeside(
  { path, kept }: FileDestination,
  location: string,
  existing: Stats | undefined,
): Promise<Output> {
  // A link stays a link: what it points to is replaced.
  const target = existing === undefined ? location : await realpath(location);
  const mark = kept === undefined ? `${process.pid}-${randomBytes(4).toString('hex')}` : 'kept';
  const temporary = join(dirname(target), `.${basename(target)}.${mark}.part`);
  await removeLeftovers(dirname(target), basename(target));
  const handle = await attempt(path, () => openPart(temporary, kept));
  let unsynced = 0;
  let syncing: Promise<void> = Promise.resolve();
  return {
    write: async (chunk) => {
      await attempt(path, () => writeWhole(handle, chunk));
      unsynced += chunk.length;
      if (unsynced < syncEvery) return;
      unsynced = 0;
      // What it fails with, the last one fails with too.
      syncing = syncing.then(() => handle.datasync()).catch(() => {});
    },
    finish: () =>
      attempt(path, async () => {
        await syncing;
        if (existing !== undefined) await handle.chmod(existing.mode & 0o7777);
        await handle.sync();
        await handle.close();
      }),
    publish: () =>
      attempt(path, async () => {
        await rename(temporary, target);
        if (kept === undefined) await forgetKept(dirname(target), basename(target));
        await syncDirectory(dirname(target));
      }),
    abandon: async () => {
      await syncing;
      await handle.close().catch(() => {});
      if (kept === undefined) await rm(temporary, { force: true });
    },
    flush: () => attempt(path, () => handle.datasync()),
    earlier: () => readFrom(handle, kept?.length ?? 0),
  };
}

/** What an interrupted export with --resume has kept: to go on with it would undo this one. */
async function forgetKept(folder: string, name: string): Promise<void> {
  for (const kept of [`.${name}.kept.part`, `.${name}.resume.json`])
    await rm(join(folder, kept), { force: true });
}

/** What a killed export to the same file has left. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const found of await readdir(folder).catch(() => [])) {
    const [, pid] = found.startsWith(`.${name}.`)
      ? (/^\.(\d+)-[0-9a-f]{8}\.part$/.exec(found.slice(name.length + 1)) ?? [])
      : [];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(folder, found), { force: true });
  }
}

/** @throws DataError where less of an earlier run is there than it should be */
async function openPart(temporary: string, kept: FileDestination['kept']): Promise<FileHandle> {
  if (kept === undefined) return open(temporary, 'wx');
  if (kept.length === 0) return open(temporary, 'w');
  // Appending, whatever is read of it.
  const handle = await open(temporary, 'a+');
  const { size } = await handle.stat();
  if (size >= kept.length) {
    await handle.truncate(kept.length);
    return handle;
  }
  await handle.close();
  throw new DataError(`${temporary} holds ${size} bytes, not ${kept.length}`, {
    code: 'part-cut-short',
    file: temporary,
    hint: 'remove the .resume.json beside it, and the export begins at the beginning',
  });
}

async function* readFrom(handle: FileHandle, length: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(readLength, length));
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - at), at);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The file system may take less than it is given. */
async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let rest = chunk; rest.length > 0; ) {
    const { bytesWritten } = await handle.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

const attempt = <T>(path: string, work: () => Promise<T>): Promise<T> =>
  writing({ path, flag: '-o', whenFull: 'no file that looks whole was left behind' }, work);
