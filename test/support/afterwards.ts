import { afterAll, onTestFinished } from 'vitest';

const atTheEnd: (() => Promise<void>)[] = [];

// At import, so that it belongs to the whole test file.
afterAll(async () => {
  for (const cleanUp of atTheEnd.splice(0).reverse()) await cleanUp();
});

/** Runs `cleanUp` when the test that is running has finished; outside of a test, when its file has. */
export function afterwards(cleanUp: () => Promise<void>): void {
  try {
    onTestFinished(cleanUp);
  } catch {
    atTheEnd.push(cleanUp);
  }
}
