import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { arrow } from '../../../src/formats/read/arrow/arrow.ts';
import type { Source } from '../../../src/source.ts';
import { expectNoCrash } from '../../support/damage.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';
import { chunkedSource } from '../../support/read-vectors.ts';

const folder = fileURLToPath(new URL('../../../fixtures/columnar', import.meta.url));
const fixture = (name: string) => readFileSync(path.join(folder, name));
const expected = fixture('rows.jsonl')
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const files = readdirSync(folder).filter((name) => /\.arrows?$/.test(name));

describe.each(files)('%s', (name) => {
  test.each(['file', 'stream'])('all rows, from a %s', async (kind) => {
    const source =
      kind === 'file' ? bytesSource(fixture(name), name) : chunkedSource(fixture(name), name, 1000);
    const { names, rows } = await readRows(arrow, source);
    expect(names).toEqual(Object.keys(expected[0]));
    expect(rows).toEqual(expected);
  });
});

describe.each(['js-batches.feather', 'js-batches.ipc'])('%s: several batches', (name) => {
  const bytes = fixture(name);
  const rows = Array.from({ length: 10 }, (_, i) => ({
    id: i,
    vec: i % 5 === 4 ? null : [i, i + 0.5, -i, Math.fround(1 / 3)],
    half: i % 5 === 1 ? null : [i / 2, -1],
    kind: i % 4 === 3 ? null : ['red', 'green', 'blue'][i % 3],
    nothing: null,
    when: `1970-01-01 00:00:0${i}+00`,
    big: 2 ** 63,
  }));

  test('lists of one length, dictionaries, empty batches; types', async () => {
    const read = await readRows(arrow, bytesSource(bytes, name));
    expect(read.rows).toEqual(rows);
    expect(read.types).toEqual([
      'integer',
      'vector(4)',
      'vector(2)',
      'text',
      'text',
      'timestamptz',
      'numeric',
    ]);
    expect(
      read.pieces.map(({ location }) => [location.sequence, location.firstRow, location.records]),
    ).toEqual([
      [0, 1, 3],
      [1, 4, 5],
      [2, 9, 2],
    ]);
    expect(read.sample[1]!.at(-1)).toBe('9223372036854775809');
  });

  test('what is stored is passed over, unread where that can be', async () => {
    const stored = new Map([
      [0, { records: 3, byteLength: 0 }],
      [1, { records: 5, byteLength: 0 }],
    ]);
    const sources: Source[] = [bytesSource(bytes, name)];
    // This writer's files have their schema at the end alone.
    if (name.endsWith('.ipc')) sources.push(chunkedSource(bytes, name, 100));
    for (const source of sources) {
      expect((await readRows(arrow, source, {}, stored)).rows.map(({ id }) => id)).toEqual([8, 9]);
    }
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', Buffer.alloc(0), /the file is empty/],
  ['no Arrow', Buffer.from('id,embedding\n1,2\n'), /does not begin as an Arrow file or stream/],
  ['its magic bytes alone', Buffer.from('ARROW1'), /cut short/],
  ['half of it', fixture('polars-lz4.arrow').subarray(0, 15_000), /cut short/],
  ['half of a stream', fixture('polars.arrows').subarray(0, 15_000), /ends within a batch/],
  ['the first Feather', Buffer.from('FEA1\0\0\0\0FEA1'), /Feather of version 1/],
])('%s is refused', async (_, bytes, message) => {
  await expect(readRows(arrow, bytesSource(bytes, 'x'))).rejects.toThrow(message);
});

test('a stream of a file that lacks its end is refused', async () => {
  const cut = fixture('polars-uncompressed.arrow').subarray(0, -2000);
  await expect(readRows(arrow, chunkedSource(cut, 'stdin'))).rejects.toThrow(/./);
});

test.each([...files, 'js-batches.feather', 'js-batches.ipc'])(
  '%s: bytes changed or cut off end in rows or a clean error',
  async (name) => {
    await expectNoCrash(arrow, fixture(name), 60);
  },
);
