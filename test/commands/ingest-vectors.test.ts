import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { describeTable } from '../../src/operations/tables.ts';
import { pgv, type RunResult } from '../support/cli.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { floatsNpy, fvecsFile, npyFile, vecsFile } from '../support/vector-files.ts';
import { pgvInMemory, pgvOn } from './memory-io.ts';

/** float32s of every size, −0 and subnormals among them, in rows of three. */
const floats = Array.from({ length: 300 }, (_, i) =>
  [1 / 3, -(2 ** ((i % 250) - 149)), i === 7 ? -0 : i / 7].map(Math.fround),
);

/** A vector's text, which gives the shortest decimals that are still the same float32s. */
const floatsOf = (text: unknown) =>
  String(text)
    .slice(1, -1)
    .split(',')
    .map((element) => Math.fround(Number(element)));

eachDatabase((fixture) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await temporaryDirectory();
  });

  async function ingest(name: string, content: Uint8Array, ...args: string[]): Promise<RunResult> {
    await writeFile(path.join(cwd, name), content);
    return pgvOn(fixture.kind)(['ingest', name, ...args], { cwd, env: { PGV_URL: fixture.url } });
  }

  /** Opens the database for as long as `work` takes: the embedded one has one user at a time. */
  async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await fixture.open();
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  const query = (sql: string) => withDatabase(async (database) => (await database.query(sql)).rows);

  async function vectors(table: string, column = 'embedding'): Promise<[id: number, vector: number[]][]> {
    const rows = await query(`SELECT id, ${column}::text AS v FROM ${table} ORDER BY id`);
    return rows.map((row) => [Number(row.id), floatsOf(row.v)]);
  }

  const numbered = (rows: number[][]) => rows.map((row, i) => [i, row]);

  test.each([
    ['floats.npy', floatsNpy(floats)],
    ['floats.fvecs', fvecsFile(floats)],
  ])('%s: a new table, bit for bit, its id the row number from 0', async (name, bytes) => {
    const table = name.replace('.', '_');
    const { code, stdout, stderr } = await ingest(name, bytes, '-t', table, '--json');
    expect(stderr).toContain(
      `created table ${table} (id bigint identity primary key, embedding vector(3))\n`,
    );
    expect(stderr).toContain(
      `id is the row's number in ${name}, from 0; rows of other files are numbered on\n`,
    );
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      table,
      rows: 300,
      inserted: 300,
      bytes: bytes.length,
      files: [{ path: name, rows: 300, bytes: bytes.length }],
    });
    expect(await vectors(table)).toEqual(numbered(floats));
    // Rows that come later are numbered on.
    expect((await ingest(name, bytes, '-t', table, '--if-loaded', 'again')).code).toBe(0);
    expect(await query(`SELECT count(DISTINCT id), min(id), max(id) FROM ${table}`)).toEqual([
      { count: 600, min: 0, max: 599 },
    ]);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test('bvecs, ivecs, an array of one axis, Fortran order, big-endian, gzip', async () => {
    const bytes = [Buffer.from([0, 255]), Buffer.from([7, 128])];
    await ingest('b.bvecs', vecsFile(bytes, 1));
    expect(await vectors('b')).toEqual(
      numbered([
        [0, 255],
        [7, 128],
      ]),
    );
    const integers = [Int32Array.of(-1, 2 ** 24 + 2), Int32Array.of(2 ** 31 - 1, 3)];
    await ingest(
      'i.ivecs',
      vecsFile(
        integers.map(({ buffer }) => Buffer.from(buffer)),
        4,
      ),
      '--types',
      'embedding=int[]',
    );
    expect(await query('SELECT embedding::text AS e FROM i ORDER BY id')).toEqual([
      { e: '{-1,16777218}' },
      { e: '{2147483647,3}' },
    ]);
    const labels = Buffer.from(Int16Array.of(5, -6).buffer);
    await ingest('labels.npy', npyFile({ kind: 'i2', rows: 2, dimensions: undefined, bytes: labels }));
    expect(await query('SELECT * FROM labels ORDER BY id')).toEqual([
      { id: 0, value: 5 },
      { id: 1, value: -6 },
    ]);
    const doubles = Buffer.from(Float64Array.of(1, 3, 5, 2, 4, 1e-50).buffer).swap64();
    await ingest(
      'f.npy',
      npyFile({ kind: 'f8', bigEndian: true, fortran: true, rows: 3, dimensions: 2, bytes: doubles }),
    );
    expect(await vectors('f')).toEqual(
      numbered([
        [1, 2],
        [3, 4],
        [5, 0],
      ]),
    );
    expect(await ingest('z.npy.gz', gzipSync(floatsNpy(floats)))).toMatchObject({ code: 0 });
    expect(await vectors('z')).toEqual(numbered(floats));
  });

  test('a table that is there: --map, --columns, halfvec, the row number where it is asked for', async () => {
    await query('CREATE EXTENSION IF NOT EXISTS vector');
    await query('CREATE TABLE there (id int PRIMARY KEY, small halfvec(3), note text)');
    const npy = floatsNpy([
      [1, 2, 3],
      [65504, 1 / 3, 5],
    ]);
    const unnamed = await ingest('there.npy', npy);
    expect(unnamed).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/no column embedding .*\nhint: .*--map embedding=<column>$/m),
    });
    const lacking = await ingest('there.npy', npy, '--columns', 'small');
    expect(lacking).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/NOT NULL without a default.*\nhint: --map row=id /),
    });
    expect(await ingest('there.npy', npy, '--map', 'embedding=small', '--map', 'row=id')).toMatchObject({
      code: 0,
    });
    expect(await vectors('there', 'small')).toEqual(
      numbered([
        [1, 2, 3],
        [65504, Math.fround(0.33325195), 5],
      ]),
    );
    const again = floatsNpy([
      [4, 5, 6],
      [7, 8, 9],
      [1, 1, 1],
    ]);
    const update = await ingest(
      'there.npy',
      again,
      '--columns',
      'row,small',
      '--map',
      'row=id',
      '--on-conflict',
      'update',
      '--json',
    );
    expect(JSON.parse(update.stdout)).toMatchObject({ rows: 3, inserted: 1, updated: 2 });
    const large = await ingest(
      'there.npy',
      floatsNpy([
        [1, 2, 3],
        [1, 2, 65520],
      ]),
      '--columns',
      'small',
      '--map',
      'row=id',
    );
    expect(large.code).toBe(3);
    expect(large.stderr).toMatch(/there\.npy, row 2, column small: element 3 \(65520\) is out of range/);
  });

  test('by text, where a column has a type that only PostgreSQL reads', async () => {
    await query('CREATE TABLE by_text (id money, embedding vector(3))');
    expect(await ingest('by_text.fvecs', fvecsFile(floats), '--map', 'row=id')).toMatchObject({ code: 0 });
    const rows = await query('SELECT embedding::text AS v FROM by_text ORDER BY id');
    const back = rows.map((row) => floatsOf(row.v));
    expect(back).toEqual(floats);
  });

  test('stdin: known by its first bytes, or by --format', async () => {
    const env = { PGV_URL: fixture.url };
    const npy = await pgv(['ingest', '-', '-t', 'piped', '--columns', 'vec'], {
      env,
      input: floatsNpy(floats),
    });
    expect(npy).toMatchObject({ code: 0, stderr: expect.stringContaining('vec vector(3)') });
    expect(await vectors('piped', 'vec')).toEqual(numbered(floats));
    const fvecs = ['ingest', '-', '--format', 'fvecs', '-t', 'piped_2'];
    expect(await pgv(fvecs, { env, input: fvecsFile(floats) })).toMatchObject({ code: 0 });
    expect(await vectors('piped_2')).toEqual(numbered(floats));
    const fortran = npyFile({ kind: 'u1', fortran: true, rows: 2, dimensions: 2, bytes: Buffer.alloc(4) });
    expect(await pgv(['ingest', '-', '-t', 'piped_3'], { env, input: fortran })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('stdin goes into a temporary file'),
    });
  });

  test.each<[string, string, Uint8Array, number, RegExp]>([
    ['empty', 'bad.npy', Buffer.alloc(0), 3, /bad\.npy: the file is empty/],
    [
      'no npy',
      'bad.npy',
      Buffer.from('id,embedding\n'),
      3,
      /bad\.npy: the file does not begin as an npy file does/,
    ],
    ['no fvecs', 'bad.fvecs', Buffer.from('id,embedding\n'), 3, /bad\.fvecs, row 1: the file is no fvecs/],
    [
      'cut short',
      'bad.npy',
      floatsNpy(floats).subarray(0, 1000),
      3,
      /bad\.npy, row 73: the file ends here, though its header says 300 rows/,
    ],
    [
      'cut short',
      'bad.fvecs',
      fvecsFile(floats).subarray(0, 1000),
      3,
      /bad\.fvecs, row 63: the file ends within the row/,
    ],
    [
      'a row of another length',
      'bad.fvecs',
      fvecsFile([[1, 2], [1, 2], [1]]),
      3,
      /bad\.fvecs, row 3: the row has 1 dimensions, row 1 has 2 \(SQLSTATE 22000\)/,
    ],
    [
      'NaN',
      'bad.npy',
      floatsNpy([
        [1, 2],
        [3, Number.NaN],
      ]),
      3,
      /bad\.npy, row 2, column embedding: element 2 is NaN/,
    ],
    [
      'Infinity',
      'bad.fvecs',
      fvecsFile([
        [1, 2],
        [-Number.POSITIVE_INFINITY, 3],
      ]),
      3,
      /bad\.fvecs, row 2, column embedding: element 1 is infinite/,
    ],
    [
      'too large a double',
      'bad.npy',
      npyFile({ kind: 'f8', rows: 2, dimensions: 1, bytes: Buffer.from(Float64Array.of(1, 1e39).buffer) }),
      3,
      /bad\.npy, row 2, column embedding: element 1 \(1e\+39\) is out of range for type vector \(SQLSTATE 22003\)/,
    ],
    [
      'no rows',
      'bad.npy',
      npyFile({ kind: 'f4', rows: 0, dimensions: 3, bytes: Buffer.alloc(0) }),
      3,
      /bad\.npy: there are no rows/,
    ],
  ])('%s: %s is refused, and nothing stays', async (_, name, bytes, code, message) => {
    await writeFile(path.join(cwd, name), bytes);
    const env = { PGV_URL: fixture.url };
    const { code: seen, stdout, stderr } = await pgvInMemory(['ingest', name], { cwd, env });
    expect(stderr).toMatch(message);
    expect({ code: seen, stdout }).toEqual({ code, stdout: '' });
    expect(await withDatabase((database) => describeTable(database, 'bad'))).toBeUndefined();
  });
});

describe.skipIf(noServer !== null)('many pieces over two lanes', () => {
  test.each(['C', 'F'])('%s order: every row has its own number', async (order) => {
    const { url, open } = await emptyDatabase('server');
    const [rows, dimensions] = [300_000, 20];
    const values = new Float32Array(rows * dimensions);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < dimensions; column++) {
        values[order === 'F' ? column * rows + row : row * dimensions + column] = row + column;
      }
    }
    const bytes = Buffer.from(values.buffer);
    const cwd = await temporaryDirectory();
    await writeFile(
      path.join(cwd, 'large.npy'),
      npyFile({ kind: 'f4', fortran: order === 'F', rows, dimensions, bytes }),
    );
    const { code, stdout } = await pgv(['ingest', 'large.npy', '-d', url, '--jobs', '2', '--json'], { cwd });
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, rows, lanes: 2 });
    const counted = await (await open()).query(
      'SELECT count(*) AS rows, count(*) FILTER (WHERE (embedding::real[])[1] = id AND (embedding::real[])[20] = id + 19) AS right FROM large',
    );
    expect(counted.rows).toEqual([{ rows, right: rows }]);
  });
});
