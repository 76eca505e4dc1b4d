import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where the measurements keep their files from one run to the next. */
export const folder = path.join(os.tmpdir(), 'pgv-bench');

/**
 * A file of that name, made where it is not there yet.
 * @param make writes the whole file at the path it is given
 * @returns its path
 */
export async function madeOnce(
  name: string,
  make: (target: string) => Promise<unknown> | unknown,
): Promise<string> {
  const target = path.join(folder, name);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await make(temporary);
  renameSync(temporary, target);
  return target;
}

/** Writes what an iterable gives, one after the other, to a file. */
export async function writeAll(
  target: string,
  chunks: Iterable<string | Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  await pipeline(Readable.from(chunks), createWriteStream(target, { highWaterMark: 2 ** 20 }));
}
