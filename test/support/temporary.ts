import { mkdtemp, rm } from 'node:fs/promises';
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
