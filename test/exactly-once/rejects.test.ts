import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { pgvOn } from '../commands/memory-io.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';

// One bad row of every kind among 10,000 good ones: the good ones are in the table, each bad one is in the reject file
// just as it stood, with its reason beside it.

const good = 10_000;
const header = 'id,n,t,parent,h,v\n';
const row = (id: number) => `${id},${id},text ${id},${id % 10},"[${id % 7},1]","[0.5,${id},2]"\n`;

/** Lines, by the reason that is told; those of `server` only the server can refuse. */
const bad: readonly { line: string; reason: RegExp; column?: string; sqlstate?: string }[] = [
  { line: 'x,1,t,1,"[1,1]","[1,2,3]"', reason: /bigint/, column: 'id', sqlstate: '22P02' },
  { line: '20001,1,t,1,"[1,1]","[1,2]"', reason: /3 dimensions/, column: 'v', sqlstate: '22000' },
  { line: '20002,1,t,1,"[1,1]","[1,2,3,4]"', reason: /3 dimensions/, column: 'v' },
  { line: '20003,1,t,1,"[1,1]","[1,NaN,3]"', reason: /NaN/, column: 'v' },
  { line: '20004,1,t,1,"[1,1]","[1,Infinity,3]"', reason: /infinite/i, column: 'v' },
  { line: '20005,1,t,1,"[1,1]","[1e99,2,3]"', reason: /range/, column: 'v' },
  { line: '20006,1,t,1,"[1e6,1]","[1,2,3]"', reason: /range/, column: 'h' },
  { line: '20007,1,t,1,"[1,1]","[1,2,3"', reason: /./, column: 'v' },
  { line: '20008,1,t,1,"[1,1]",oops', reason: /./, column: 'v' },
  { line: '20009,1,t,1,"[1,1]"', reason: /fields/, sqlstate: '22P04' },
  { line: '20010,1,t,1,"[1,1]","[1,2,3]",more', reason: /fields/, sqlstate: '22P04' },
  { line: '20011,99999999999,t,1,"[1,1]","[1,2,3]"', reason: /range/, column: 'n' },
  { line: '20012,,t,1,"[1,1]","[1,2,3]"', reason: /null value in column "n"/, sqlstate: '23502' },
  { line: '20013,-5,t,1,"[1,1]","[1,2,3]"', reason: /check constraint "positive"/, sqlstate: '23514' },
  { line: '5,1,t,1,"[1,1]","[1,2,3]"', reason: /duplicate key|unique/, sqlstate: '23505' },
  { line: '20014,1,t,77,"[1,1]","[1,2,3]"', reason: /foreign key constraint/, sqlstate: '23503' },
  { line: '20015,1,forbidden,1,"[1,1]","[1,2,3]"', reason: /no such text here/, sqlstate: 'P0001' },
  { line: '20016,1,unwanted,1,"[1,1]","[1,2,3]"', reason: /not wanted/, sqlstate: 'U0001' },
];

eachDatabase((fixture) => {
  const pgv = pgvOn(fixture.kind);
  let database: Database;
  let directory: string;
  let file: string;

  beforeEach(async () => {
    database = await fixture.open();
    directory = await temporaryDirectory();
    file = path.join(directory, 'mixed.csv');
    // Bad rows spread over the file, two of them side by side.
    const lines = Array.from({ length: good }, (_, id) => row(id));
    for (const [i, { line }] of bad.entries()) {
      const at = Math.min(good - 1, 500 + Math.floor(i / 2) * 1000 + (i % 2));
      lines[at] += `${line}\n`;
    }
    await writeFile(file, header + lines.join(''));
    await database.query(`CREATE EXTENSION IF NOT EXISTS vector; DROP TABLE IF EXISTS docs, parents;
      CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents SELECT generate_series(0, 9);
      CREATE TABLE docs (id bigint PRIMARY KEY, n int NOT NULL CONSTRAINT positive CHECK (n >= 0), t text,
        parent int REFERENCES parents, h halfvec(2), v vector(3));
      CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.t = 'forbidden' THEN RAISE EXCEPTION 'no such text here'; END IF;
        IF NEW.t = 'unwanted' THEN RAISE EXCEPTION 'not wanted' USING ERRCODE = 'U0001'; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER judge BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION judge();
      DROP SCHEMA IF EXISTS pgv CASCADE`);
    await database.close();
  });

  describe.each<[string, string[]]>([
    ['straight', []],
    ['in one transaction', ['--atomic']],
  ])('%s', (_, flags) => {
    test('every good row is in the table, every bad one in the reject file', async () => {
      const rejects = path.join(directory, 'bad.csv');
      const args = ['ingest', file, '-t', 'docs', '-d', fixture.url, '--on-error', 'skip', ...flags];
      const result = await pgv([...args, '--reject-file', rejects, '--json']);
      expect(result.code, result.stderr).toBe(5);
      expect(JSON.parse(result.stdout)).toMatchObject({ rows: good, rejected: bad.length });
      database = await fixture.open();
      const { rows } = await database.query(
        "SELECT count(*) AS n, min(id) AS first, max(id) AS last, bool_and(t = 'text ' || id) AS right FROM docs",
      );
      expect(rows).toEqual([{ n: good, first: 0, last: good - 1, right: true }]);

      const lines = (await readFile(rejects, 'utf8')).trimEnd().split('\n');
      expect(`${lines[0]}\n`).toBe(header);
      expect(lines.slice(1).toSorted()).toEqual(bad.map(({ line }) => line).toSorted());
      const errors = (await readFile(`${rejects}.errors.jsonl`, 'utf8')).trimEnd().split('\n');
      const told = errors.map((line) => JSON.parse(line));
      const text = await readFile(file);
      for (const [i, entry] of told.entries()) {
        const line = lines[i + 1]!;
        expect(entry).toMatchObject({ file });
        expect(text.subarray(entry.byteOffset, entry.byteOffset + entry.byteLength).toString()).toBe(
          `${line}\n`,
        );
        const { reason, column, sqlstate } = bad.find((one) => one.line === line)!;
        expect(entry.reason, line).toMatch(reason);
        if (column !== undefined) expect(entry.column, line).toBe(column);
        if (sqlstate !== undefined) expect(entry.sqlstate, line).toBe(sqlstate);
      }
      await database.close();
      expect((await pgv([...args, '--allow-rejects'])).code).toBe(0);
    });
  });

  test('--max-errors ends the load, which then goes on with more', async () => {
    const rejects = path.join(directory, 'bad.csv');
    const args = [
      'ingest',
      file,
      '-t',
      'docs',
      '-d',
      fixture.url,
      '--on-error',
      'skip',
      '--reject-file',
      rejects,
    ];
    const ended = await pgv([...args, '--max-errors', '3']);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('more than 3 rows are wrong') });
    expect((await pgv([...args, '--max-errors', '100'])).code).toBe(5);
    const errors = (await readFile(`${rejects}.errors.jsonl`, 'utf8')).trimEnd().split('\n');
    expect(new Set(errors.map((line) => JSON.parse(line).row)).size).toBe(bad.length);
  });

  test('without --on-error skip the first bad row is told, of a trigger too', async () => {
    await writeFile(file, `${header}${row(1)}2,1,forbidden,1,"[1,1]","[1,2,3]"\n`);
    const result = await pgv(['ingest', file, '-t', 'docs', '-d', fixture.url]);
    expect(result.stderr).toMatch(/mixed\.csv, row 2/);
    expect(result.stderr).toContain('no such text here');
    const flagless = await pgv(['ingest', file, '-t', 'docs', '-d', fixture.url, '--reject-file', 'x']);
    expect(flagless.code).toBe(2);
  });
});
