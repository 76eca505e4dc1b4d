import path from 'node:path';
import { DataError, PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { openFile, type Source } from '../../source.ts';
import { hashed } from '../../sources/hashed.ts';
import type { ManifestFile } from './manifest.ts';
import type { FoundManifest } from './read-manifest.ts';

/** A file of a manifest, as it lies there. */
export interface CheckedFile {
  path: string;
  status: 'whole' | 'missing' | 'changed';
  /** What is wrong with it. */
  problem?: string;
}

/**
 * Compares the files with what their manifest says: sizes, then SHA-256 sums of all their bytes.
 * @throws DatabaseError where one cannot be read
 */
export async function checkFiles(
  { manifest, directory }: FoundManifest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<CheckedFile[]> {
  const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    signal.throwIfAborted();
    done += bytes;
    reporter.progress({ phase: 'checking sums', bytes: done, done, total });
  };
  const checked: CheckedFile[] = [];
  for (const file of manifest.files) checked.push(await checkFile(file, directory, onBytes));
  return checked;
}

/** @throws DataError for the first file that is not as its manifest says */
export async function requireFiles(
  found: FoundManifest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const wrong = (await checkFiles(found, reporter, signal)).find(({ status }) => status !== 'whole');
  if (wrong === undefined) return;
  const file = path.join(path.dirname(found.name), wrong.path);
  throw new DataError(`${file} ${wrong.problem}`, {
    code: wrong.status === 'missing' ? 'file-missing' : 'wrong-sum',
    file,
    hint: `nothing was loaded; take the file from the export again, ${found.name} tells what it was`,
  });
}

async function checkFile(
  file: ManifestFile,
  directory: string,
  onBytes: (bytes: number) => void,
): Promise<CheckedFile> {
  const source = await open(path.join(directory, file.path), file.path);
  if (source === undefined) return { path: file.path, status: 'missing', problem: 'is not there' };
  try {
    const problem = await problemOf(source, file, onBytes);
    return {
      path: file.path,
      status: problem === undefined ? 'whole' : 'changed',
      ...(problem && { problem }),
    };
  } finally {
    await source.close();
  }
}

async function problemOf(
  source: Source,
  { bytes, sha256 }: ManifestFile,
  onBytes: (bytes: number) => void,
): Promise<string | undefined> {
  const { byteLength } = source;
  if (byteLength !== bytes) {
    return `has ${(byteLength ?? 0).toLocaleString('en')} bytes, and had ${bytes.toLocaleString('en')}`;
  }
  const read: Source['read'] = async (target) => {
    const length = await source.read(target);
    onBytes(length);
    return length;
  };
  const found = await hashed({ ...source, read }).sha256();
  return found === sha256
    ? undefined
    : `has another content than it had: its SHA-256 is ${found}, not ${sha256}`;
}

/** Undefined where there is no such file. */
async function open(file: string, name: string): Promise<Source | undefined> {
  return openFile(file, name).catch((error: unknown) => {
    if (error instanceof PgvError && error.code === 'file-not-found') return undefined;
    throw error;
  });
}
