import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../errors.ts';
import { statOrNone, writing } from '../written-file.ts';

/** The file that says what is wrong with each row of a reject file. */
export const errorsPathOf = (path: string): string => `${path}.errors.jsonl`;

/** Work on a reject file, whose failures are told in words. */
export function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  const whenFull = 'the same command then goes on where it stopped';
  return writing({ path, flag: '--reject-file', whenFull }, work);
}

/** Bytes in the reject file, and in that of errors, undefined where there is none; both can be written. */
export async function lengths(path: string): Promise<{ data: number; errors: number | undefined }> {
  return attempt(path, async () => {
    await access(dirname(path), constants.W_OK);
    return { data: (await plainLength(path)) ?? 0, errors: await plainLength(errorsPathOf(path)) };
  });
}

async function plainLength(path: string): Promise<number | undefined> {
  const stats = await statOrNone(path);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a directory' : 'no plain file';
    throw new UsageError(`${path} is ${kind}`, { file: path, hint: 'name a file as --reject-file' });
  }
  await access(path, constants.W_OK);
  return stats.size;
}

/**
 * Before anything is made for a load.
 * @param inputs paths of the files that are read
 * @throws UsageError where rejects would be written over one of them; that and DatabaseError where they cannot be written
 */
export async function requireRejectFile(path: string, inputs: readonly string[]): Promise<void> {
  const taken = await Promise.all([path, errorsPathOf(path)].map(statOrNone));
  for (const input of inputs) {
    const stats = await statOrNone(input);
    if (stats === undefined || !taken.some((t) => t?.ino === stats.ino && t.dev === stats.dev)) continue;
    throw new UsageError(`the reject file ${path} would be written over the input ${input}`, {
      code: 'reject-file-is-input',
      file: path,
      hint: 'name another --reject-file',
    });
  }
  await lengths(path);
}
