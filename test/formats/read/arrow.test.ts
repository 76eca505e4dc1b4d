import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { arrow } from '../../../src/formats/read/arrow/arrow.ts';
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
