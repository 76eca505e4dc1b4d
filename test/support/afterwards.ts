import { onTestFinished } from 'vitest';

const atTheEnd: (() => Promise<void>)[] = [];

/** Runs `cleanUp` when the test that is running has finished; outside of a test, when its file has. */
export function afterwards(cleanUp: () => Promise<void>): void {
  try {
    onTestFinished(cleanUp);
  } catch {
    atTheEnd.push(cleanUp);
  }
}

/** What `afterwards` left for the end of the file; file-setup.ts has it run there. */
export async function cleanUpFile(): Promise<void> {
  for (const cleanUp of atTheEnd.splice(0).reverse()) await cleanUp();
}
