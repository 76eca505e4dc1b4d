import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvInMemory, pgvOn } from './memory-io.ts';

/** A first good row, and one that is bad in one way. */
const badFiles: readonly [what: string, content: string | Buffer, code: number, message: RegExp][] = [
  ['an empty file', '', 3, /^pgv: bad\.csv: the file is empty$/m],
  [
    'a header alone, for a new table',
    'id,embedding\n',
    3,
    /^pgv: bad\.csv: there are no rows.*\nhint: .*pgv init/m,
  ],
  [
    'a row with a missing field',
    'id,embedding\n1,"[1,2,3]"\n2\n',
    3,
    /^pgv: bad\.csv, row 2, column embedding: the row has 1 field, not 2: embedding is missing/m,
  ],
  [
    'a row with an extra field',
    'id,embedding\n1,"[1,2,3]"\n2,"[1,2,3]",x\n',
    3,
    /^pgv: bad\.csv, row 2: the row has 3 fields, not 2/m,
  ],
  [
    'an element that is NaN',
    'id,embedding\n1,"[1,2,3]"\n2,"[1,NaN,3]"\n',
    3,
    /^pgv: bad\.csv, row 2, column embedding: element 2 is NaN/m,
  ],
  [
    'an element of 1e400',
    'id,embedding\n1,"[1,2,3]"\n2,"[1,2,1e400]"\n',
    3,
    /^pgv: bad\.csv, row 2, column embedding: element 3 is out of range/m,
  ],
  [
    'an unclosed quote',
    'id,embedding\n1,"[1,2,3]"\n2,"[1,2,3]\n3,x\n',
    3,
    /^pgv: bad\.csv, row 2: a quote is opened and never closed/m,
  ],
  [
    'invalid UTF-8',
    Buffer.from('id,title,embedding\n1,a,"[1,2,3]"\n2,\xff\xfe,"[1,2,3]"\n', 'latin1'),
    3,
    /^pgv: bad\.csv, row 2, column title: invalid byte sequence .*\nhint: .*UTF-8/m,
  ],
  [
    'values where the header should be',
    '1,"[1,2,3]"\n2,"[1,2,3]"\n',
    3,
    /^pgv: bad\.csv: the first line holds values, not column names\nhint: say --no-header/m,
  ],
  [
    'a dimension over the limit of the type',
    `id,embedding\n1,"[${Array(16_001).fill(1)}]"\n`,
    3,
    /^pgv: bad\.csv, row 1, column embedding: 16001 dimensions; a vector cannot have more than 16000/m,
  ],
  [
    'a key that is there twice',
    'id,embedding\n1,"[1,2,3]"\n1,"[1,2,3]"\n',
    3,
    /^pgv: bad\.csv, row 2: duplicate key .*SQLSTATE 23505/m,
  ],
];

eachDatabase((fixture) => {
  const run = async (content: string | Buffer, ...args: string[]) => {
    const cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, 'bad.csv'), content);
    return pgvInMemory(['ingest', 'bad.csv', ...args], { cwd, env: { PGV_URL: fixture.url } });
  };
  const tables = async () => {
    const database = await fixture.open();
    const { rows } = await database.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    await database.close();
    return rows.map(({ name }) => name);
  };

  describe('files', () => {
    // The same on both, and a server answers faster: the embedded one has every third.
    const asked = badFiles.filter((_, i) => fixture.kind === 'server' || noServer !== null || i % 3 === 0);
    test.each(asked)('%s', async (_what, content, code, message) => {
      const result = await run(content);
      expect(result.stderr).toMatch(message);
      expect(result).toMatchObject({ code, stdout: '' });
    });

    test('none of them has left a table', async () => {
      expect(await tables()).not.toContain('bad');
    });

    test('a missing file, and a directory', async () => {
      const cwd = await temporaryDirectory();
      await mkdir(path.join(cwd, 'folder'));
      const env = { PGV_URL: fixture.url };
      const missing = await pgvOn(fixture.kind)(['ingest', 'nothere.csv'], { cwd, env });
      expect(missing).toMatchObject({ code: 2, stdout: '', stderr: 'pgv: nothere.csv: no such file\n' });
      const folder = await pgvOn(fixture.kind)(['ingest', 'folder'], { cwd, env });
      expect(folder).toMatchObject({ code: 2, stdout: '' });
      expect(folder.stderr).toMatch(/^pgv: folder is a directory/);
    });

    test('under --json the error is one document on stdout', async () => {
      const result = await run('id,embedding\n1,"[1,2,3]"\n2,"[1,NaN,3]"\n', '--json');
      expect(JSON.parse(result.stdout)).toEqual({
        error: {
          code: 'bad-value',
          message: 'element 2 is NaN, which a vector cannot hold',
          hint: expect.stringMatching(/^--on-error skip --reject-file <file> loads the other rows/),
          file: 'bad.csv',
          row: 2,
          column: 'embedding',
          sqlstate: '22000',
        },
      });
    });
  });

  describe('against a table that is there', () => {
    beforeAll(async () => {
      const database = await fixture.open();
      await database.query('CREATE EXTENSION IF NOT EXISTS vector');
      await database.query(
        'CREATE TABLE docs (id bigint PRIMARY KEY, title text NOT NULL, embedding vector(3))',
      );
      await database.close();
    });

    test('a vector of the wrong dimension', async () => {
      const result = await run('id,title,embedding\n1,a,"[1,2,3]"\n2,b,"[1,2]"\n', '-t', 'docs');
      expect(result.stderr).toMatch(
        /^pgv: bad\.csv, row 2, column embedding: expected 3 dimensions, not 2 \(SQLSTATE 22000\)$/m,
      );
      expect(result.code).toBe(3);
    });

    test('a column that the table has not', async () => {
      const result = await run('id,title,nope,embedding\n1,a,b,"[1,2,3]"\n', '-t', 'docs');
      expect(result.stderr).toMatch(
        /^pgv: bad\.csv, column nope: table docs has no column nope \(it has id, title, embedding\)\nhint: .*--map nope=.*--columns id,title,embedding/m,
      );
      expect(result.code).toBe(3);
    });

    test('a column that the file lacks and that has no default', async () => {
      const result = await run('id,embedding\n1,"[1,2,3]"\n', '-t', 'docs');
      expect(result.stderr).toMatch(/column title of docs is NOT NULL without a default/);
      expect(result.code).toBe(3);
    });

    test('a field that --columns or --map names and the file has not', async () => {
      const good = 'id,title,embedding\n1,a,"[1,2,3]"\n';
      const columns = await run(good, '-t', 'docs', '--columns', 'id,nope');
      expect(columns.stderr).toMatch(
        /^pgv: column nope: --columns names nope, which the file has not\nhint: its fields are id, title, embedding/m,
      );
      expect(columns.code).toBe(2);
      expect((await run(good, '-t', 'docs', '--map', 'nope=title')).code).toBe(2);
      expect((await run(good, '-t', 'docs', '--map', 'title=id')).code).toBe(2);
    });

    test('a header alone loads nothing, which is no error', async () => {
      const result = await run('id,title,embedding\n', '-t', 'docs', '--json');
      expect(result.code).toBe(0);
      expect(JSON.parse(result.stdout)).toMatchObject({ status: 'loaded', rows: 0 });
    });

    test('nothing of all this has reached the table', async () => {
      const database = await fixture.open();
      expect((await database.query('SELECT count(*) AS rows FROM docs')).rows).toEqual([{ rows: 0 }]);
    });
  });
});

describe('flags', () => {
  test.each([
    [['ingest'], /missing required argument 'file'/],
    [['ingest', 'x.csv', '--nope'], /unknown option '--nope'/],
    [['ingest', 'x.csv', '--jobs', 'two'], /--jobs/],
    [['ingest', 'x.csv', '--jobs', '0'], /--jobs/],
    [['ingest', 'x.csv', '--on-conflict', 'maybe'], /error, skip, update/],
    [['ingest', '-'], /name the table with -t/],
  ])('%j is wrong usage', async (args, message) => {
    const result = await pgvInMemory(args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test('a delimiter must be something', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, 'x.csv'), 'id\n1\n');
    const result = await pgvInMemory(['ingest', 'x.csv', '--delimiter', ''], { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(/--delimiter takes one character or more/);
  });
});
