import fc from 'fast-check';
import { expect } from 'vitest';
import { DataError } from '../../src/errors.ts';
import type { ReadFormat } from '../../src/formats/read/format.ts';
import { bytesSource, readRows } from './read-columnar.ts';

/** Expects a format to read a file with some bytes changed, or cut off, as rows, or to refuse it with a DataError. */
export async function expectNoCrash(format: ReadFormat, bytes: Uint8Array, runs: number): Promise<void> {
  const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 });
  // Most of what can go wrong is at the ends.
  const place = fc.oneof(
    fc.nat(bytes.length),
    fc.nat(Math.min(600, bytes.length)).map((n) => bytes.length - n),
  );
  await fc.assert(
    fc.asyncProperty(changes, fc.option(place), async (changed, end) => {
      const broken = bytes.slice(0, end ?? bytes.length);
      for (const [at, value] of changed) if (at < broken.length) broken[at] = value;
      await readsOrRefuses(format, broken);
    }),
    { numRuns: runs },
  );
}

async function readsOrRefuses(format: ReadFormat, bytes: Uint8Array): Promise<void> {
  try {
    await readRows(format, bytesSource(bytes, 'broken'), { pieceLength: 3000 });
  } catch (error) {
    // What is text in the file may be no UTF-8 or JSON any more, which is for the database to say.
    if (error instanceof SyntaxError) return;
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).file).toBe('broken');
  }
}
