import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parquet } from '../../../src/formats/read/parquet/parquet.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';

const folder = fileURLToPath(new URL('../../../fixtures/columnar', import.meta.url));
const fixture = (name: string) => readFileSync(path.join(folder, name));
const expected = fixture('rows.jsonl')
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
/** The same 300 rows by several writers, in every compression and encoding that they have. */
const files = readdirSync(folder).filter((name) => /^(?!.*(types|no-rows)).*\.parquet$/.test(name));

describe.each(files)('%s', (name) => {
  test.each([undefined, 4000, 500])('all rows, in pieces of %s', async (pieceLength) => {
    const { names, rows, pieces } = await readRows(parquet, bytesSource(fixture(name), name), {
      pieceLength,
    });
    expect(names).toEqual(Object.keys(expected[0]));
    expect(rows).toEqual(expected);
    expect(pieces.map(({ location }) => location.sequence)).toEqual(pieces.map((_, i) => i));
  });
});
