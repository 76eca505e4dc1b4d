import { randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { type Fingerprint, fingerprint } from '../src/fingerprint.ts';
import { openFile, streamSource } from '../src/source.ts';
import { temporaryFile } from './support/temporary.ts';

const content = randomBytes(2_000_000);

async function printOf(bytes: Uint8Array, time?: Date): Promise<Fingerprint> {
  const file = await temporaryFile('data', bytes);
  await utimes(file, time ?? new Date(1e12), time ?? new Date(1e12));
  const source = await openFile(file, 'data');
  try {
    const print = await fingerprint(source);
    expect(await source.read(Buffer.alloc(10))).toBe(Math.min(10, bytes.length));
    return print!;
  } finally {
    await source.close();
  }
}

const flipped = (at: number) => {
  const copy = Buffer.from(content);
  copy[at]! ^= 1;
  return copy;
};

test('is the same for the same file, at another time but for that', async () => {
  const print = await printOf(content);
  expect(print).toMatchObject({
    byteLength: content.length,
    sample: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(await printOf(content)).toEqual(print);
  const later = await printOf(content, new Date(1.1e12));
  expect(later.modified).not.toBe(print.modified);
  expect({ ...later, modified: print.modified }).toEqual(print);
});

test.each([
  ['the head', flipped(65_535)],
  ['the tail', flipped(content.length - 65_536)],
  ['the first block between them', flipped(Math.floor((content.length - 65_536) / 17))],
  ['the length', content.subarray(0, -1)],
])('differs in %s', async (_, other) => {
  expect((await printOf(other)).sample).not.toBe((await printOf(content)).sample);
});

test('of short files, down to the empty one', async () => {
  const lengths = [0, 1, 4096, 65_536, 65_537, 100_000];
  const prints = await Promise.all(lengths.map((length) => printOf(content.subarray(0, length))));
  expect(new Set(prints.map(({ sample }) => sample)).size).toBe(lengths.length);
});

test('a stream has none', async () => {
  expect(await fingerprint(streamSource(Readable.from([content]), 'stdin'))).toBeUndefined();
});
