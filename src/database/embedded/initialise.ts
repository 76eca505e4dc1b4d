import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { builtFile } from '../../built-files.ts';
import { isOfLock, unfinished } from './directory.ts';

/** Each takes a file descriptor; macOS gives a process 256. */
const syncsAtOnce = 16;

/**
 * An empty database, as `initdb` makes it in two seconds, packed when pgv was built (scripts/build.mjs).
 * @returns a tar archive
 */
export function readTemplate(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gunzipSync(fs.readFileSync(builtFile('embedded.tar.gz'))));
}

/**
 * Makes a database of the template in a directory that is empty or has an unfinished one. Killed at any point it
 * leaves an unfinished one: everything is written and synced below `unfinished` and moved up, PG_VERSION last.
 * @throws what the file system throws
 */
export async function initialise(directory: string): Promise<void> {
  const staging = path.join(directory, unfinished);
  clear(directory);
  fs.mkdirSync(staging);
  try {
    await unpack(readTemplate(), staging);
    const names = fs.readdirSync(staging).filter((name) => name !== 'PG_VERSION');
    for (const name of [...names, 'PG_VERSION']) {
      if (name === 'PG_VERSION') await sync(directory);
      fs.renameSync(path.join(staging, name), path.join(directory, name));
    }
    fs.rmdirSync(staging);
    await sync(directory);
  } catch (error) {
    clear(directory);
    throw error;
  }
}

/** Removes what a killed `initialise` left; the mark goes last, as long as anything else is there. */
function clear(directory: string): void {
  const names = fs.readdirSync(directory).filter((name) => !isOfLock(name) && name !== unfinished);
  for (const name of [...names, unfinished]) {
    fs.rmSync(path.join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Unpacks a tar archive, and has it on the disk when it returns. Written first and synced then, many at a time: on a
 * busy disk that is twenty times faster than one file after the other.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar)
 */
async function unpack(archive: Uint8Array, directory: string): Promise<void> {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .split('\0', 1)[0]!;
  const made = new Set([directory]);
  for (let at = 0; archive[at]; ) {
    const size = Number.parseInt(text(at + 124, 12), 8); // bytes, octal
    const target = path.join(directory, text(at, 100));
    if (text(at + 156, 1) === '5') fs.mkdirSync(target, { recursive: true, mode: 0o700 });
    else fs.writeFileSync(target, archive.subarray(at + 512, at + 512 + size), { mode: 0o600 });
    made.add(target);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  const left = [...made];
  const syncSome = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) await sync(name);
  };
  await Promise.all(Array.from({ length: syncsAtOnce }, syncSome));
}

async function sync(name: string): Promise<void> {
  if (process.platform === 'win32') return; // syncs neither directories nor what is open for reading
  const file = await fs.promises.open(name, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
