import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'vitest';
import { afterwards } from './afterwards.ts';

/** The folder of this run, which goes with everything in it when the run ends, killed or not. */
export const scratch: string = inject('scratch');

/** A new empty folder, removed when the test that is running, or else its file, has finished. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(scratch, 't-'));
  afterwards(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A file of this content in a folder of its own, removed with it. @returns its path */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(await temporaryDirectory(), name);
  await writeFile(file, content);
  return file;
}
