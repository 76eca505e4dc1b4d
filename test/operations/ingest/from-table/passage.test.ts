import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Passage } from '../../../../src/operations/ingest/from-table/passage.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is given is taken, all of it and in order, whoever is the faster', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 16 }),
      fc.boolean(),
      async (lengths, chunkLength, isSlow) => {
        const passage = new Passage(chunkLength);
        let next = 0;
        const giving = (async () => {
          for (const length of lengths) {
            const bytes = Uint8Array.from({ length }, () => next++);
            await passage.give(bytes);
            bytes.fill(0xff); // the giver's to write over
            if (!isSlow) await turn();
          }
          passage.end();
        })();
        const taken: number[] = [];
        for await (const chunk of passage.chunks()) {
          expect(chunk.length).toBeGreaterThan(0);
          if (isSlow) await turn();
          taken.push(...chunk);
        }
        await giving;
        expect(taken).toEqual(Array.from({ length: next }, (_, i) => i & 0xff));
      },
    ),
    { numRuns: 60 },
  ));

test('no more than two chunks are kept', async () => {
  const passage = new Passage(4);
  expect(passage.give(new Uint8Array(8))).toBe(undefined);
  const third = passage.give(new Uint8Array(1))!;
  let isThere = false;
  void third.then(() => {
    isThere = true;
  });
  await turn();
  expect(isThere).toBe(false);
  const chunks = passage.chunks();
  await chunks.next();
  await chunks.next(); // the first is used up
  await third;
});

test('a failure ends the taking, and waiting is seen', async () => {
  const passage = new Passage(4);
  expect(passage.isAwaited).toBe(false);
  const first = passage.chunks().next();
  await turn();
  expect(passage.isAwaited).toBe(true);
  passage.fail(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  expect(passage.isAwaited).toBe(false);
});
