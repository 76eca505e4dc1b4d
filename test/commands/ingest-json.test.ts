import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { RunResult } from '../support/cli.ts';
import { eachDatabase } from '../support/databases.ts';
import { packageQueries } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvInMemory, pgvOn } from './memory-io.ts';

const queries = fileURLToPath(new URL('../../fixtures/packages-queries.jsonl', import.meta.url));

eachDatabase((fixture) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await temporaryDirectory();
  });

  const run = (args: readonly string[], input = '', pgv = pgvOn(fixture.kind)) =>
    pgv(['ingest', ...args], { cwd, input, env: { PGV_URL: fixture.url } });

  async function ingest(name: string, content: string | Uint8Array, ...args: string[]): Promise<RunResult> {
    await writeFile(path.join(cwd, name), content);
    return run([name, ...args]);
  }

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    const database = await fixture.open();
    try {
      return (await database.query(sql)).rows;
    } finally {
      await database.close();
    }
  }

  /** The queries' vectors and neighbours, as the table has them; the vectors as float32s. */
  async function stored(table: string, vector: string): Promise<unknown[]> {
    const rows = await query(`SELECT ${vector}::text AS v, neighbors::text AS n FROM ${table} ORDER BY id`);
    return rows.map(({ v, n }) => [
      (JSON.parse(String(v)) as number[]).map(Math.fround),
      JSON.parse(String(n).replace('{', '[').replace('}', ']')) as number[],
    ]);
  }

  const expected = async () =>
    (await packageQueries()).map(({ vector, neighbors }) => [vector.map(Math.fround), neighbors]);

  test('a file of real vectors: a new table, bit for bit, and the summary', async () => {
    const { code, stdout, stderr } = await ingest('queries.jsonl', await readFile(queries), '--json');
    expect(stderr).toMatch(
      /^created table queries \(id bigint identity primary key, vector vector\(64\), neighbors vector\(10\)\)$/m,
    );
    expect(code).toBe(0);
    const { size } = await stat(queries);
    expect(JSON.parse(stdout)).toMatchObject({
      table: 'queries',
      rows: 50,
      inserted: 50,
      bytes: size,
      files: [{ path: 'queries.jsonl', rows: 50, bytes: size }],
    });
    expect(await stored('queries', 'vector')).toEqual(await expected());
  });

  test('stdin as one array, into a table that is there, renamed', async () => {
    await query(
      'CREATE TABLE renamed (id int GENERATED ALWAYS AS IDENTITY, embedding vector(64), neighbors int[])',
    );
    const array = JSON.stringify(await packageQueries(), null, 1);
    const args = ['-', '-t', 'renamed', '--format', 'json', '--map', 'vector=embedding', '--json', '-q'];
    const { code, stdout } = await run(args, array);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 50, bytes: array.length });
    expect(await stored('renamed', 'embedding')).toEqual(await expected());
  });

  const good = '{"id":1,"embedding":[1,2,3]}';
  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test.each<[string, string, string, number, RegExp]>([
    ['an empty file', 'bad.jsonl', '', 3, /^pgv: bad\.jsonl: the file is empty$/m],
    [
      'a bare vector',
      'bad.ndjson',
      '[1,2,3]\n',
      3,
      /^pgv: bad\.ndjson, row 1: the line holds a list, not an object .*\nhint: each row is an object \{/m,
    ],
    [
      'an element that is NaN',
      'bad.jsonl',
      `${good}\n{"id":2,"embedding":[1,NaN,3]}\n`,
      3,
      /^pgv: bad\.jsonl, row 2, column embedding: element 2 is NaN/m,
    ],
    [
      'a vector of another length, behind the sample',
      'bad.json',
      `[${Array.from({ length: 1201 }, (_, i) => `{"id":${i},"embedding":[1,2,3]}`).join(',')},{"id":5000,"embedding":[1]}]`,
      3,
      /^pgv: bad\.json, row 1202, column embedding: expected 3 dimensions, not 1/m,
    ],
    [
      'an object cut off',
      'bad.jsonl',
      `${good}\n{"id":2,"embedding":[1,2`,
      3,
      /^pgv: bad\.jsonl, row 2, column embedding: a list is never closed/m,
    ],
    ['an array cut off', 'bad.json', `[${good},`, 3, /^pgv: bad\.json, row 2: the file ends behind a comma/m],
    [
      'no JSON at all',
      'bad.json',
      'id,embedding\n',
      3,
      /^pgv: bad\.json: the file does not begin with \[, as an array of objects does/m,
    ],
    [
      'invalid UTF-8',
      'bad.jsonl',
      '{"id":1,"t":"\xff"}\n',
      3,
      /^pgv: bad\.jsonl, row 1.*: invalid byte sequence/m,
    ],
  ])('%s', async (_, name, content, code, message) => {
    await writeFile(path.join(cwd, name), Buffer.from(content, 'latin1'));
    const result = await run([name], '', pgvInMemory);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(await query("SELECT 1 FROM pg_class WHERE relname = 'bad'")).toEqual([]);
  });

  test('an option of CSV is wrong usage', async () => {
    const result = await ingest('good.jsonl', `${good}\n`, '--delimiter', ';');
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(
      /^pgv: --delimiter says how CSV is written, and the format is jsonl\nhint: /m,
    );
  });
});
