import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';
import { loadPackages, packageQueries } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvOn } from './memory-io.ts';

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname;

const sixtyFour = Array.from({ length: 64 }, (_, i) => i / 3);

eachDatabase((database) => {
  const pgv = pgvOn(database.kind);
  const env = () => ({ PGV_URL: database.url });
  let neighbors: number[][];
  let directory: string;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    const opened = await database.open();
    await loadPackages(opened);
    const queries = await packageQueries();
    neighbors = queries.map((query) => query.neighbors);
    await opened.query('CREATE TABLE queries (id int, embedding vector(64))');
    for (const [i, { vector }] of queries.entries()) {
      await opened.query({
        text: 'INSERT INTO queries VALUES ($1, $2::text::vector)',
        values: [i, JSON.stringify(vector)],
      });
    }
    await opened.query('CREATE TABLE sparse (id int PRIMARY KEY, v sparsevec(3), b bit(4))');
    await opened.query(`INSERT INTO sparse VALUES (1, '{1:1}/3', '1111'), (2, '{2:1}/3', '0000')`);
    await opened.close();
  });

  async function search(...args: string[]) {
    return pgv(['search', '-t', 'packages', '--metric', 'cosine', ...args], { env: env(), cwd: directory });
  }

  const formats =
    database.kind === 'server' ? ['csv', 'tsv', 'jsonl', 'npy', 'npz', 'fvecs', 'parquet', 'arrow'] : ['npy'];
  test.each(formats)('queries of %s have their known neighbours', async (format) => {
    const file = `queries.${format}`;
    const source = ['--query', 'SELECT embedding FROM queries ORDER BY id', '-o', file];
    expect(await pgv(['export', ...source], { env: env(), cwd: directory })).toMatchObject({ code: 0 });
    const { stdout, stderr, code } = await search('--file', file, '--json', '--exact', '--jobs', '2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ table: 'packages', metric: 'cosine', k: 10 });
    expect(document.queries.map(({ query }: { query: number }) => query)).toEqual([...neighbors.keys()]);
    const ids = document.queries.map(({ hits }: { hits: { id: number }[] }) => hits.map(({ id }) => id));
    expect(ids).toEqual(neighbors);
    expect(document.queries[0].hits[0]).toHaveProperty('package');
  });

  test('beside other fields the one of vectors is found, and every form of output has the query’s number', async () => {
    const file = fixture('packages-queries.jsonl');
    const few = ['--file', file, '-k', '2', '--columns', 'section'];
    const csv = (await search(...few, '--format', 'csv')).stdout.split('\n');
    expect(csv[0]).toBe('query,id,distance,score,section');
    expect(csv[3]).toMatch(new RegExp(`^1,${neighbors[1]![0]},`));
    const lines = (await search(...few, '--format', 'jsonl')).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(neighbors.length * 2);
    expect(JSON.parse(lines[2]!)).toMatchObject({ query: 1, id: neighbors[1]![0] });
    const run = (await search(...few, '--format', 'trec')).stdout.split('\n');
    expect(run[1]).toMatch(new RegExp(`^0 Q0 ${neighbors[0]![1]} 2 0\\.\\d+ pgv$`));
    expect((await search(...few)).stdout).toMatch(/^query +id +distance +score +section\n/);
  });

  test('ivecs holds the neighbours as benchmarks read them', async () => {
    const few = ['--file', fixture('packages-queries.jsonl'), '-k', '3', '--format', 'ivecs'];
    const whole = (await search(...few)).stdoutBytes;
    const numbers = new Int32Array(new Uint8Array(whole).buffer);
    expect([...numbers]).toEqual(neighbors.flatMap((ids) => [3, ...ids.slice(0, 3)]));
    const near = (await search(...few, '--max-distance', '0')).stdoutBytes;
    expect([...new Int32Array(new Uint8Array(near).buffer)].slice(0, 4)).toEqual([3, -1, -1, -1]);
  });

  test('sparse vectors and bits', async () => {
    await writeFile(path.join(directory, 'sparse.csv'), 'name,v\na,"{2:3}/3"\nb,"{1:2,2:1}/3"\n');
    await writeFile(path.join(directory, 'bits.csv'), 'b\n0001\n1110\n');
    const ids = async (...args: string[]) => {
      const { stdout } = await pgv(['search', '-t', 'sparse', '--json', ...args], {
        env: env(),
        cwd: directory,
      });
      return JSON.parse(stdout).queries.map(({ hits }: { hits: { id: number }[] }) =>
        hits.map(({ id }) => id),
      );
    };
    expect(await ids('--file', 'sparse.csv', '--vector-column', 'v')).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(await ids('--file', 'bits.csv', '--vector-column', 'b', '-k', '1')).toEqual([[2], [1]]);
  });

  test('vectors in every form that ingest reads', async () => {
    const base64 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
    const forms: ((values: number[]) => string)[] = [
      (values) => JSON.stringify(values),
      (values) => `{${values}}`,
      (values) => values.join(' '),
      base64,
    ];
    const vectors = [sixtyFour, sixtyFour.map((value) => 20 - value)];
    const answers: string[] = [];
    for (const form of forms) {
      const lines = vectors.map((values) => `${JSON.stringify({ q: 'x', embedding: form(values) })}\n`);
      await writeFile(path.join(directory, 'forms.jsonl'), lines.join(''));
      const { stdout, code } = await search('--file', 'forms.jsonl', '-k', '3', '--json');
      expect(code).toBe(0);
      answers.push(JSON.stringify(JSON.parse(stdout).queries));
    }
    expect(answers[0]).toContain('"query":1');
    expect(new Set(answers).size).toBe(1);
  });

  // What is wrong with a file is known before a database is asked: a server answers faster.
  if (database.kind === 'embedded' && noServer === null) return;

  describe('a bad file', () => {
    test.each<[string, string | Uint8Array, number, RegExp]>([
      ['short.jsonl', '{"embedding":[1,2]}\n', 3, /short\.jsonl, row 1, column embedding: .*64/],
      ['null.jsonl', '{"embedding":null,"a":1}\n', 3, /null\.jsonl, row 1: a query has no vector/],
      [
        'two.jsonl',
        JSON.stringify({ a: sixtyFour, b: sixtyFour }),
        2,
        /several fields are sure to hold the queries/,
      ],
      ['none.csv', 'a,b\n1,2\n', 2, /no field is sure to hold the queries\nhint: .*embedding/],
      ['cut.npy', new Uint8Array([0x93, 0x4e, 0x55, 0x4d]), 3, /cut\.npy/],
      ['noise.fvecs', new Uint8Array([9, 9, 9, 9, 9, 9]), 3, /noise\.fvecs/],
    ])('%s', async (name, content, code, message) => {
      await writeFile(path.join(directory, name), content);
      const result = await search('--file', name);
      expect(result).toMatchObject({ code, stdout: '' });
      expect(result.stderr).toMatch(message);
    });

    test('that is not there, is of another format, or of no queries', async () => {
      expect(await search('--file', 'nowhere.npy')).toMatchObject({ code: 2 });
      expect(
        await pgv(['export', 'queries', '-o', 'q.bin', '--format', 'binary'], { env: env(), cwd: directory }),
      ).toMatchObject({ code: 0 });
      expect((await search('--file', 'q.bin')).stderr).toMatch(
        /does not say what its values are|which format/,
      );
      expect((await search('--file', 'nowhere.npy', '--id', '1')).stderr).toMatch(/--id and --file exclude/);
      expect((await search('--id', '1', '--jobs', '2')).stderr).toMatch(/--jobs is about a file of queries/);
    });
  });
});
