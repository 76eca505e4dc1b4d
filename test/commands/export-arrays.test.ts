import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

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
  ...['docs', 'halves', 'bits'].map((t) => `CREATE VIEW ${t}_kept AS SELECT id, embedding FROM ${t}`),
];

/** Files, by their table's name, and tables that they go back into. */
const copies = [
  ['docs.npy', 'docs_npy'],
  ['docs.npz', 'docs_npz'],
  ['docs.fvecs', 'docs_fvecs'],
  ['halves.npy', 'halves_npy'],
  ['bits.npy', 'bits_npy'],
] as const;

eachDatabase((fixture) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await temporaryDirectory();
    const database = await fixture.open();
    for (const statement of tables) await database.query(statement);
    for (const [name, back] of copies) {
      const table = name.split('.')[0];
      await database.query(`CREATE TABLE ${back} AS SELECT id, embedding FROM ${table} WHERE false`);
    }
    await database.close();
  });

  const run = (...args: string[]) => runInMemory(args, { cwd, env: { PGV_URL: fixture.url } });
  async function done(...args: string[]): Promise<string> {
    const { code, out, err } = await run(...args);
    expect({ code, err }).toMatchObject({ code: 0 });
    return out;
  }
  const file = (name: string) => readFileSync(path.join(cwd, name));
  const headerOf = (name: string) => /^.*?\}/s.exec(file(name).toString('latin1', 10))![0];

  test('out and in again: the same vectors and ids', async () => {
    for (const [name, back] of copies) {
      await done('export', name.split('.')[0]!, '-o', name, '--force');
      await done('ingest', name, '-t', back);
    }
    const database = await fixture.open();
    for (const [name, back] of copies) {
      await expectSameRows(database, back, `${name.split('.')[0]}_kept`);
    }
    await database.close();
  });

  test('what is measured: rows, the longest text, dimensions that the column leaves open', async () => {
    const where = ['--where', 'embedding IS NOT NULL'];
    await done('export', 'open', '-o', 'open.npz', '--columns', 'embedding,id,n,ok,price,uid', ...where);
    const text = file('open.npz').toString('latin1');
    expect(text).toContain("'<f4', 'fortran_order': False, 'shape': (2, 2)");
    expect(text).toContain("'<U4', 'fortran_order': False, 'shape': (2,)");
    await done('export', 'halves', '-o', 'halves.npy', '--force');
    expect(headerOf('halves.ids.npy')).toBe("{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }");
    await done('export', 'nothing', '-o', 'nothing.npy');
    expect(headerOf('nothing.npy')).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }");
    await done('export', '--query', 'SELECT embedding FROM docs LIMIT 7', '-o', 'alone.npy');
    expect(headerOf('alone.npy')).toContain("'shape': (7, 3)");
    expect(readdirSync(cwd)).not.toContain('alone.ids.npy');
  });

  test('split into files of so many rows, each whole', async () => {
    await done('export', 'docs', '-o', 'parts.npy', '--split', '1100');
    const parts = readdirSync(cwd).filter((name) => name.startsWith('parts'));
    expect(parts).toEqual([1, 2, 3].flatMap((n) => [`parts-0000${n}.ids.npy`, `parts-0000${n}.npy`]));
    let rows = 0;
    for (const name of parts.filter((name) => !name.includes('ids'))) {
      const [, of] = /\((\d+), 3\)/.exec(headerOf(name))!;
      rows += Number(of);
      expect(headerOf(name.replace('.npy', '.ids.npy'))).toContain(`(${of},)`);
      expect((file(name).length - 128) / 12).toBe(Number(of));
    }
    expect(rows).toBe(3002);
  });

  test('refused: NULLs, vectors of several lengths, sparse ones, columns that no array holds', async () => {
    const refused = async (code: number, message: string, ...args: string[]) => {
      const result = await run('export', ...args);
      expect(result).toMatchObject({ code, out: '' });
      expect(result.err).toContain(message);
      expect(readdirSync(cwd).filter((name) => name.startsWith('bad'))).toEqual([]);
    };
    const nulls = 'column embedding is NULL in 1 row, and an array has a value in each';
    await refused(3, nulls, 'open', '-o', 'bad.npy');
    await refused(3, nulls, 'open', '-o', 'bad.fvecs');
    await refused(
      3,
      'column title is NULL in 1 row',
      'docs',
      '-o',
      'bad.npz',
      '--columns',
      'title,embedding',
    );
    const several = `SELECT '[1,2]'::vector AS v UNION ALL SELECT '[1]'`;
    await refused(3, 'the vectors have 1 to 2 dimensions', '--query', several, '-o', 'bad.npy');
    await done('export', '--query', several, '-o', 'several.fvecs');
    expect(file('several.fvecs').length).toBe(4 * (1 + 2 + 1 + 1));
    await refused(2, 'column embedding is a sparsevec, and npy holds all', 'sparse', '-o', 'bad.npy');
    await refused(2, 'column embedding holds bits, and fvecs floats', 'bits', '-o', 'bad.fvecs');
    const beside = 'and there are 2 columns beside the vectors';
    await refused(2, beside, 'docs', '-o', 'bad.npy', '--columns', 'id,title,embedding');
  });
});
