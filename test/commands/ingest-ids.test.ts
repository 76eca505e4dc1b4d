import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { floatsNpy, fvecsFile, npyFile, npyHead } from '../support/vector-files.ts';
import { runInMemory } from './memory-io.ts';

const vectors = [
  [1, -0],
  [0.1, 2 ** -149],
  [3, 4],
].map((row) => row.map(Math.fround));
const ids = (...numbers: number[]) => {
  const bytes = Buffer.from(BigInt64Array.from(numbers.map(BigInt)).buffer);
  return npyFile({ kind: 'i8', rows: numbers.length, dimensions: undefined, bytes });
};

eachDatabase((fixture) => {
  let cwd: string;
  let table = 0;

  beforeEach(async () => {
    cwd = await temporaryDirectory();
    table++;
  });

  const write = (name: string, bytes: Uint8Array) => writeFile(path.join(cwd, name), bytes);
  const ingest = (...args: string[]) =>
    runInMemory(['ingest', '-t', `t${table}`, ...args], { cwd, env: { PGV_URL: fixture.url } });
  async function rows(order = 'id'): Promise<unknown[]> {
    const database = await fixture.open();
    try {
      return (await database.query(`SELECT * FROM t${table} ORDER BY ${order}`)).rows;
    } finally {
      await database.close();
    }
  }
  const stored = (...of: number[]) =>
    of.map((id, i) => ({ id, embedding: `[${['1,-0', '0.1,1e-45', '3,4'][i]}]` }));

  test.each([
    ['docs.npy', floatsNpy(vectors), 'docs.ids.npy', ids(30, 10, 20)],
    ['docs.fvecs', fvecsFile(vectors), 'docs.ids.npy', ids(30, 10, 20)],
    ['docs.npy.gz', gzipSync(floatsNpy(vectors)), 'docs.ids.npy.gz', gzipSync(ids(30, 10, 20))],
  ])('%s takes its ids from beside it', async (name, bytes, beside, besideBytes) => {
    await write(name, bytes);
    await write(beside, besideBytes);
    const { code, err } = await ingest(name);
    expect(code).toBe(0);
    expect(err.split(`${beside} has the ids of ${name}\n`)).toHaveLength(2);
    expect(await rows('id = 20, id = 10')).toEqual(stored(30, 10, 20));
  });

  test('both files make the load: other ids make another', async () => {
    await write('docs.npy', floatsNpy(vectors));
    await write('docs.ids.npy', ids(1, 2, 3));
    await ingest('docs.npy');
    expect((await ingest('docs.npy')).err).toContain(`docs.npy is in t${table} already`);
    await write('docs.ids.npy', ids(4, 5, 6));
    expect((await ingest('docs.npy')).code).toBe(0);
    expect(await rows()).toHaveLength(6);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test('what the user takes instead', async () => {
    await write('docs.npy', floatsNpy(vectors));
    await write('docs.ids.npy', ids(30, 10, 20));
    expect((await ingest('docs.npy', '--columns', 'embedding')).err).toContain("id is the row's number");
    expect(await rows()).toEqual(stored(0, 1, 2));
    table++;
    expect((await ingest('docs.npy', '--map', 'row=id')).err).not.toContain('docs.ids.npy');
    expect(await rows()).toEqual(stored(0, 1, 2));
    table++;
    await ingest(
      'docs.npy',
      '--columns',
      'id,embedding',
      '--map',
      'id=key',
      '--map',
      'embedding=v',
      '--limit',
      '2',
    );
    expect(await rows('key')).toEqual([
      { id: 2, key: 10, v: '[0.1,1e-45]' },
      { id: 1, key: 30, v: '[1,-0]' },
    ]);
  });

  test('a pattern that names the ids too loads them as no vectors', async () => {
    await write('a.npy', floatsNpy(vectors));
    await write('a.ids.npy', ids(3, 2, 1));
    await write('b.fvecs', fvecsFile(vectors));
    await write('b.ids.npy', ids(6, 5, 4));
    const all = await ingest('*.npy');
    expect(all).toMatchObject({ code: 0 });
    expect(all.err).toContain('a.ids.npy has the ids of a.npy, and is no input of its own\n');
    expect(all.err).toContain('b.ids.npy has the ids of b.fvecs, and is no input of its own\n');
    expect(await rows('id DESC')).toEqual(stored(3, 2, 1));
    table++;
    expect(await ingest('a.ids.npy')).toMatchObject({ code: 0 });
    expect(await rows()).toEqual([
      { id: 0, value: 3 },
      { id: 1, value: 2 },
      { id: 2, value: 1 },
    ]);
  });
});

describe('ids that cannot be those of the vectors', () => {
  const good = ids(1, 2, 3);
  const head = (descr: string, shape: string) =>
    npyHead(`{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`);
  const floats = floatsNpy(vectors);
  const fvecs = fvecsFile(vectors);

  test.each<[string, string, Buffer, Buffer, number, string]>([
    ['fewer', 'd.npy', floats, ids(1, 2), 3, 'd.ids.npy has 2 rows, d.npy has 3'],
    ['more', 'd.fvecs', fvecs, ids(1, 2, 3, 4), 3, 'd.ids.npy has 4 rows, d.fvecs has 3'],
    ['of two axes', 'd.npy', floats, floats, 3, 'd.ids.npy: the array has 2 axes, and ids have one'],
    ['objects', 'd.npy', floats, head("'|O'", '(3,)'), 3, 'd.ids.npy: the array holds elements of type |O'],
    [
      'records',
      'd.npy',
      floats,
      head("[('a', '<i4')]", '(3,)'),
      3,
      'd.ids.npy: the array holds elements of type record',
    ],
    [
      'no npy',
      'd.npy',
      floats,
      Buffer.from('1\n2\n3\n'),
      3,
      'd.ids.npy: the file does not begin as an npy file',
    ],
    ['empty', 'd.npy', floats, Buffer.alloc(0), 3, 'd.ids.npy: the file is empty'],
    [
      'cut in the header',
      'd.npy',
      floats,
      good.subarray(0, 50),
      3,
      'd.ids.npy: the file ends within its header',
    ],
    ['cut short', 'd.npy', floats, good.subarray(0, -1), 3, 'd.ids.npy, row 3: the file ends here'],
    [
      'longer',
      'd.npy',
      floats,
      Buffer.concat([good, good]),
      3,
      'd.ids.npy: more follows the array of 3 rows',
    ],
    ['beside cut vectors', 'd.npy', floats.subarray(0, -1), good, 3, 'd.npy, row 3: the file ends here'],
    ['beside no vectors', 'd.npy', Buffer.alloc(0), good, 3, 'd.npy: the file is empty'],
    ['beside cut fvecs', 'd.fvecs', fvecs.subarray(0, -1), good, 3, 'd.fvecs: the file has 35 bytes'],
    ['beside empty fvecs', 'd.fvecs', Buffer.alloc(0), good, 3, 'd.fvecs: the file is empty'],
    [
      'beside fvecs of several lengths',
      'd.fvecs',
      fvecsFile([[1, 2], [3, 4, 5], [6]]),
      good,
      3,
      'd.fvecs, row 2: the row has 3 dimensions, row 1 has 2',
    ],
  ])('%s', async (_, name, bytes, beside, code, message) => {
    const cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, name), bytes);
    await writeFile(path.join(cwd, 'd.ids.npy'), beside);
    const result = await runInMemory(['ingest', name, '-d', 'pglite:'], { cwd });
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(`pgv: ${message}`);
  });
});
