import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { writeFormatFor } from '../../src/formats/write/formats.ts';
import { exportRows } from '../../src/operations/export/export.ts';
import { filePlaces } from '../../src/operations/export/file-places.ts';
import { querySource, type TableRequest, tableSource } from '../../src/operations/export/source.ts';
import { ingest } from '../../src/operations/ingest/ingest.ts';
import { inputOf } from '../../src/operations/ingest/input.ts';
import { silentReporter } from '../../src/progress.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Floats of every size: zero and −0, the smallest and the largest. */
const tables = [
  'CREATE EXTENSION vector',
  `CREATE TABLE docs (id bigint PRIMARY KEY, title text, embedding vector(3) NOT NULL)`,
  `INSERT INTO docs SELECT i * 7919 % 10007, 't' || i, ARRAY[i / 7.0, -1e-38 * i, 3e34 * i]::real[]::vector
   FROM generate_series(1, 3000) AS i`,
  `INSERT INTO docs VALUES (-5, NULL, '[0,-0,1e-45]'), (9007199254740993, '', '[3.4028235e38,-1e-45,1]')`,
  `CREATE TABLE halves (id text PRIMARY KEY, embedding halfvec(2))`,
  `INSERT INTO halves VALUES ('ñ🦉x', '[1,-0]'), ('', '[65504,6e-8]'), ('a b', '[0.1,-65504]')`,
  `CREATE TABLE bits (id uuid PRIMARY KEY, embedding bit(10))`,
  `INSERT INTO bits SELECT md5(i::text)::uuid, (i * 7)::bit(10) FROM generate_series(1, 40) AS i`,
  `CREATE TABLE open (id int, embedding vector, n real, ok boolean, price numeric, uid uuid)`,
  `INSERT INTO open VALUES (1, '[1,2]', 0.1, true, 1.50, '0189fa5c-0b1e-7cde-a432-10fedcba9876'), (3, NULL, 0, false, 2, gen_random_uuid()), (2, '[3,4]', -1, false, 'NaN', gen_random_uuid())`,
  `CREATE TABLE sparse (id int, embedding sparsevec(3))`,
  `CREATE TABLE nothing (id int PRIMARY KEY, embedding vector(4))`,
];

const never = new AbortController().signal;

interface Export extends Partial<TableRequest> {
  query?: string;
  force?: boolean;
  /** Rows a file. */
  split?: number;
}

eachDatabase((fixture) => {
  let database: Database;
  let cwd: string;

  beforeAll(async () => {
    database = await fixture.open();
    for (const statement of tables) await database.query(statement);
  });

  beforeEach(async () => {
    cwd = await temporaryDirectory();
  });

  async function write(output: string, { query, force = false, split, ...request }: Export): Promise<void> {
    const { format, compression } = writeFormatFor(undefined, output);
    const source =
      query === undefined
        ? await tableSource(database, { table: undefined, ...request }, silentReporter)
        : await querySource(database, query);
    const places = await filePlaces({
      output,
      cwd,
      overwrite: force,
      baseName: 'rows',
      ending: `.${format.name}${compression === undefined ? '' : '.gz'}`,
      besides: format.besides,
      numbered: split !== undefined,
    });
    await exportRows(database, source, {
      format,
      compression,
      text: { header: true, null: '', delimiter: ',' },
      places,
      split: split === undefined ? undefined : { rows: split },
      reporter: silentReporter,
      signal: never,
    });
  }

  async function read(name: string, table: string): Promise<void> {
    const inputs = await resolveInputs([name], { cwd, stdin: process.stdin }, () => {});
    const given = inputs.map((input) => inputOf(input, {}, silentReporter, never));
    await ingest(database, given, { table, vacuum: 'never' }, silentReporter, never);
  }

  const file = (name: string) => readFileSync(path.join(cwd, name));
  const headerOf = (name: string) => /^.*?\}/s.exec(file(name).toString('latin1', 10))![0];

  test.each([
    ['npy', 'docs'],
    ['npz', 'docs'],
    ['fvecs', 'docs'],
    ['npy', 'halves'],
    ['npy.gz', 'bits'],
  ])('%s of %s, out and in again: the same vectors and ids', async (ending, table) => {
    const name = `${table}.${ending}`;
    await write(name, { table });
    const theirs = `${table}_out`;
    await database.query(`DROP TABLE IF EXISTS ${theirs}, back`);
    await database.query(`CREATE TABLE ${theirs} AS SELECT id, embedding FROM ${table}`);
    await database.query(`CREATE TABLE back (LIKE ${theirs})`);
    await read(name, 'back');
    await expectSameRows(database, 'back', theirs);
  });

  test('what is measured: rows, the longest text, dimensions that the column leaves open', async () => {
    const columns = ['embedding', 'id', 'n', 'ok', 'price', 'uid'];
    await write('open.npz', { table: 'open', columns, where: 'embedding IS NOT NULL' });
    const text = file('open.npz').toString('latin1');
    expect(text).toContain("'<f4', 'fortran_order': False, 'shape': (2, 2)");
    expect(text).toContain("'<U4', 'fortran_order': False, 'shape': (2,)");
    await write('halves.npy', { table: 'halves' });
    expect(headerOf('halves.ids.npy')).toBe("{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }");
    await write('nothing.npy', { table: 'nothing' });
    expect(headerOf('nothing.npy')).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }");
    await write('bits.npy', { query: `SELECT binary_quantize('[1,0,1]'::vector) AS b, 1 AS x` });
    expect(headerOf('bits.npy')).toBe("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 3), }");
    await write('alone.npy', { query: 'SELECT embedding FROM docs LIMIT 7' });
    expect(headerOf('alone.npy')).toContain("'shape': (7, 3)");
    expect(readdirSync(cwd)).not.toContain('alone.ids.npy');
  });

  test('another number of rows than was counted leaves no file', async () => {
    for (const output of ['docs.npy', 'docs.npz']) {
      // Among so many numbers it is hardly ever the same twice.
      const rows = { query: 'SELECT id, embedding FROM docs WHERE id < (SELECT random() * 3000)' };
      await expect(write(output, rows)).rejects.toMatchObject({ code: 'unstable-query' });
      await expect(write(output, { ...rows, split: 100 })).rejects.toMatchObject({ code: 'unstable-query' });
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('split into files of so many rows, each whole', async () => {
    await write('parts.npy', { table: 'docs', split: 1100 });
    const names = readdirSync(cwd);
    expect(names).toEqual([1, 2, 3].flatMap((n) => [`parts-0000${n}.ids.npy`, `parts-0000${n}.npy`]));
    const counts = names
      .filter((name) => !name.includes('ids'))
      .map((name) => {
        const rows = (file(name).length - 128) / 12;
        expect(headerOf(name)).toContain(`'shape': (${rows}, 3)`);
        expect(headerOf(name.replace('.npy', '.ids.npy'))).toContain(`'shape': (${rows},)`);
        return rows;
      });
    expect(counts.reduce((sum, count) => sum + count)).toBe(3002);
  });

  test('ids that an earlier export has left are not taken for those of this one', async () => {
    await write('docs.npy.gz', { table: 'docs' });
    expect(gunzipSync(file('docs.ids.npy.gz')).subarray(1, 6).toString()).toBe('NUMPY');
    await rm(path.join(cwd, 'docs.npy.gz'));
    const vectors = { table: 'docs', columns: ['embedding'] };
    await expect(write('docs.npy', vectors)).rejects.toMatchObject({
      name: 'UsageError',
      message: 'docs.ids.npy.gz exists already, and would be taken for a part of docs.npy',
      hint: expect.stringMatching(/^it belongs to another export of the name/),
    });
    await write('docs.npy', { ...vectors, force: true });
    expect(readdirSync(cwd)).toEqual(['docs.npy']);
  });

  test('refused: NULLs, vectors of several lengths, sparse ones, columns that no array holds', async () => {
    const refused = async (message: string, name: string, what: Export) => {
      await expect(write(name, what)).rejects.toThrow(message);
      expect(readdirSync(cwd)).toEqual([]);
    };
    const nulls = 'column embedding is NULL in 1 row, and an array has a value in each';
    await refused(nulls, 'bad.npy', { table: 'open' });
    await refused(nulls, 'bad.fvecs', { table: 'open' });
    await refused('column title is NULL in 1 row', 'bad.npz', {
      table: 'docs',
      columns: ['title', 'embedding'],
    });
    await refused('column embedding is a sparsevec, and npy holds all', 'bad.npy', { table: 'sparse' });
    await refused('column embedding holds bits, and fvecs floats', 'bad.fvecs', { table: 'bits' });
    await refused('and there are 2 columns beside the vectors', 'bad.npy', { query: 'TABLE docs' });
    const several = `SELECT '[1,2]'::vector AS v UNION ALL SELECT '[1]'`;
    await refused('the vectors have 1 to 2 dimensions', 'bad.npy', { query: several });
    await write('several.fvecs', { query: several });
    expect(file('several.fvecs').length).toBe(4 * (1 + 2 + 1 + 1));
  });
});
