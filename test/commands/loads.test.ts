import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvOn, runInMemory } from './memory-io.ts';

eachDatabase((fixture) => {
  let cwd: string;
  const run = (...args: string[]) => pgvOn(fixture.kind)(args, { cwd, env: { PGV_URL: fixture.url } });

  beforeAll(async () => {
    cwd = await temporaryDirectory();
    await writeFile(path.join(cwd, 'docs.csv'), 'id,v\n1,"[1,2]"\n2,"[3,4]"\n');
  });

  test('from nothing to nothing', async () => {
    const empty = await run('loads', 'list');
    expect(empty).toMatchObject({ code: 0, stdout: '', stderr: 'nothing has been ingested yet\n' });
    expect(await run('ingest', 'docs.csv')).toMatchObject({ code: 0 });

    const listed = await run('loads', 'list');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const [head, , line] = listed.stdout.split('\n');
    expect(head!.split(/ {2,}/)).toEqual(
      'load table file status rows rejected bytes done begun finished role'.split(' '),
    );
    expect(line).toMatch(
      /^[0-9a-f]{8} {2}public\.docs {2}docs\.csv {2}finished +2 +0 +20 bytes +100% {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\w+$/,
    );
    const { loads } = JSON.parse((await run('loads', 'list', 'docs', '--json')).stdout);
    expect(loads).toEqual([
      {
        loadId: expect.stringMatching(new RegExp(`^${line!.slice(0, 8)}-`)),
        name: null,
        table: 'public.docs',
        files: [path.join(cwd, 'docs.csv')],
        status: 'finished',
        rows: 2,
        staged: false,
        rejected: 0,
        bytes: 20,
        share: 1,
        startedAt: expect.any(String),
        finishedAt: expect.any(String),
        role: expect.any(String),
      },
    ]);

    const forgotten = await run('loads', 'forget', line!.slice(0, 8));
    expect(forgotten).toMatchObject({ code: 0, stdout: '' });
    expect(forgotten.stderr).toMatch(
      /\nforgot the load of docs\.csv: 2 rows stay in public\.docs, and the file can be loaded again\n$/,
    );
  });

  // An embedded database takes its time to open.
  if (fixture.kind === 'embedded') return;

  test('--json where there is nothing, and errors', async () => {
    expect(JSON.parse((await run('loads', 'list', '--json')).stdout)).toMatchObject({ loads: [] });
    expect(await run('loads', 'list', 'none')).toMatchObject({ code: 2 });
    const { code, stdout } = await run('loads', 'forget', '12345678', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'no-load',
      hint: '`pgv loads list` shows all',
    });
  });

  test('a name of digits alone stands left, as other names do', async () => {
    await writeFile(path.join(cwd, '25'), 'id,v\n1,"[1,2]"\n');
    await run('ingest', '25', '--format', 'csv', '-t', 'other');
    const { stdout } = await run('loads', 'list', 'other');
    const [head, , line] = stdout.split('\n');
    expect(line!.indexOf('25')).toBe(head!.indexOf('file'));
  });

  test('prune says what it would do, then what it has done', async () => {
    await run('ingest', 'docs.csv', '-t', 'gone');
    await run('sql', 'DROP TABLE gone');
    const dry = await run('loads', 'prune', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stderr).toMatch(/^would forget load [0-9a-f-]{36}: its table public\.gone is gone\n$/);
    const { stdout } = await run('loads', 'prune', '--older-than', '0', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      removed: [{ table: 'public.gone', staging: null, why: 'table-gone' }],
      kept: [],
    });
    expect((await run('loads', 'prune')).stderr).toMatch(/nothing to prune\n$/);
  });
});

describe('wrong usage, before any database is opened', () => {
  const env = { PGV_URL: 'postgres://nobody@127.0.0.1:1/none' };
  test.each([
    [['forget'], /missing required argument 'id'/],
    [['prune', '--older-than', 'soon'], /whole number/],
    [['prune', '--older-than', '-1'], /whole number/],
    [['show'], /unknown command 'show'/],
  ])('%j', async (args, stderr) => {
    const { code, err } = await runInMemory(['loads', ...args], { env });
    expect(code).toBe(2);
    expect(err).toMatch(stderr);
  });

  test.each(['list', 'forget', 'prune'])('help of %s has examples', async (name) => {
    expect((await runInMemory(['help', 'loads', name])).out).toContain(`Examples:\n  pgv loads ${name}`);
  });
});
