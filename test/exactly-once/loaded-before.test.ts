import { appendFile, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ingest } from '../../src/operations/ingest/ingest.ts';
import type { IngestOptions } from '../../src/operations/ingest/ingest-options.ts';
import { inputOf } from '../../src/operations/ingest/input.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { emptyDatabase } from '../support/databases.ts';
import { collectReports } from '../support/reports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `t${from + i},"[1,${from + i}]"\n`).join('');

let database: Database;
let directory: string;

beforeAll(async () => {
  database = await (await emptyDatabase('embedded')).open();
  await database.query('CREATE EXTENSION vector');
});

beforeEach(async () => {
  directory = await temporaryDirectory();
  await database.query('DROP TABLE IF EXISTS docs; DROP SCHEMA IF EXISTS pgv CASCADE');
  // No key keeps a row from coming twice.
  await database.query('CREATE TABLE docs (t text, v vector(2), lang text, tenant_id text)');
});

/** Ingests files of the directory, and gives what came of it. @param stdin for `-` */
async function run(files: string[], options: Partial<IngestOptions> = {}, stdin = '') {
  const reports = collectReports();
  const signal = new AbortController().signal;
  const surroundings = { cwd: directory, stdin: Readable.from([Buffer.from(stdin)], { objectMode: true }) };
  const inputs = await resolveInputs(files, surroundings, () => {});
  const { columns } = options;
  const opened = inputs.map((input) => inputOf(input, { columns }, reports, signal));
  const summary = await ingest(database, opened, { table: 'docs', jobs: 1, ...options }, reports, signal);
  return { ...reports, summary };
}

const write = (name: string, text: string) => writeFile(path.join(directory, name), text);

async function count(): Promise<number> {
  return (await database.query<{ n: number }>('SELECT count(*)::int AS n FROM docs')).rows[0]!.n;
}

describe('a file that changed since it was loaded', () => {
  test.each<[string, Partial<IngestOptions>]>([
    ['straight', {}],
    ['all at once', { atomic: true }],
  ])('between the blocks that are sampled: its rows come on top, with a warning: %s', async (_, options) => {
    await write('a.csv', `t,v\n${rows(0, 20_000)}`);
    const { summary } = await run(['a.csv'], options);
    const file = path.join(directory, 'a.csv');
    const text = await readFile(file, 'utf8');
    const at = text.indexOf(rows(4000, 4001));
    await writeFile(file, text.slice(0, at) + text.slice(at).replace('t4000', 'x4000'));
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    const again = await run(['a.csv'], options);
    expect(again.summary).toMatchObject({ status: 'loaded', rows: 20_000 });
    expect(again.warnings).toEqual([
      expect.stringMatching(
        /^a\.csv differs from what was loaded into public\.docs on \d{4}-.* as load [\da-f-]{36}: its rows come on top of the 20,000 of that load; --on-conflict update .*--truncate .*--if-loaded again/,
      ),
    ]);
    expect(again.warnings[0]).toContain(summary.loadId);
  });

  test('with another length', async () => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    expect(await run(['a.csv'])).toMatchObject({ warnings: [] });
    await appendFile(path.join(directory, 'a.csv'), rows(5, 6));
    const again = await run(['a.csv']);
    expect(again.warnings).toEqual([
      expect.stringContaining('a.csv differs from what was loaded into public.docs'),
    ]);
    expect(again.warnings[0]).toContain('on top of the 5 of that load');
    expect(await count()).toBe(11);
    expect(await run(['a.csv'])).toMatchObject({ warnings: [], summary: { status: 'already-loaded' } });
  });

  test.each<[string, Partial<IngestOptions>]>([
    ['--truncate', { truncate: true }],
    ['--on-conflict skip', { onConflict: 'skip' }],
    ['--if-loaded again', { ifLoaded: 'again' }],
    ['--tenant of another', { tenant: 'acme' }],
  ])('no warning with %s', async (_, options) => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await run(['a.csv']);
    await write('a.csv', `t,v\n${rows(0, 6)}`);
    expect(await run(['a.csv'], options)).toMatchObject({ warnings: [], summary: { status: 'loaded' } });
  });

  test('no warning where its rows are gone: emptied by hand, or by a load since', async () => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await write('b.csv', `t,v\n${rows(10, 15)}`);
    await run(['a.csv']);
    await database.query('DELETE FROM docs');
    await write('a.csv', `t,v\n${rows(0, 6)}`);
    expect((await run(['a.csv'])).warnings).toEqual([]);
    await run(['b.csv'], { truncate: true });
    await write('a.csv', `t,v\n${rows(0, 7)}`);
    expect((await run(['a.csv'])).warnings).toEqual([]);
    await write('b.csv', `t,v\n${rows(10, 16)}`);
    expect((await run(['b.csv'])).warnings).toHaveLength(1);
  });
});

describe('the same file, loaded otherwise', () => {
  test.each<[string, Partial<IngestOptions>, Partial<IngestOptions>]>([
    ['--columns', { columns: ['v'] }, { columns: ['v', 't'] }],
    ['--map', {}, { map: [['t', 'lang']] }],
    ['--set', { set: [['lang', 'en']] }, {}],
    ['--set', { set: [['lang', 'en']] }, { set: [['lang', 'de']] }],
    ['--null', { dialect: { null: '' } }, { dialect: { null: '-' } }],
    ['--load-id', {}, { loadId: 'mine' }],
  ])('is loaded besides, with a warning: another %s', async (flag, first, second) => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    expect((await run(['a.csv'], first)).warnings).toEqual([]);
    const again = await run(['a.csv'], second);
    expect(again.warnings).toEqual([
      expect.stringMatching(
        new RegExp(
          `^a\\.csv is in public\\.docs already, loaded on .* as load .*, with another ${flag}: these rows come besides the 5 of that load; `,
        ),
      ),
    ]);
    expect(await count()).toBe(10);
  });

  test('is told of when it has another name, and comes with others', async () => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await run(['a.csv']);
    await write('b.csv', `t,v\n${rows(5, 6)}`);
    await write('copy.csv', `t,v\n${rows(0, 5)}`);
    const { warnings } = await run(['b.csv', 'copy.csv'], { atomic: true });
    expect(warnings).toEqual([expect.stringMatching(/^copy\.csv is in .* as load [\da-f-]+: these rows/)]);
  });
});

describe('several files', () => {
  test.each<[string, string[], Partial<IngestOptions>]>([
    ['each a load', ['a.csv', 'b.csv'], {}],
    ['after one that is loaded already', ['loaded.csv', 'a.csv', 'b.csv'], {}],
    ['one load, straight', ['a.csv', 'b.csv'], { truncate: true }],
  ])('all are looked at before a row is stored: %s', async (_, files, options) => {
    await write('loaded.csv', `t,v\n${rows(20, 25)}`);
    await run(['loaded.csv']);
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await write('b.csv', 't,v,object\nx,"[1,2]",y\n');
    await expect(run(files, options)).rejects.toMatchObject({
      code: 'no-column',
      file: 'b.csv',
      hint: expect.not.stringContaining('stored'),
    });
    expect(await count()).toBe(5);
  });

  test('a table that the first would have made is not there', async () => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await write('b.csv', 't,v,object\nx,"[1,2]",y\n');
    await expect(run(['a.csv', 'b.csv'], { table: 'made' })).rejects.toMatchObject({ file: 'b.csv' });
    expect((await database.query("SELECT to_regclass('made')::text AS made")).rows).toEqual([{ made: null }]);
  });

  test.each<[string, string[], Partial<IngestOptions>, string]>([
    [
      'one',
      ['a.csv', 'bad.csv'],
      {},
      'a.csv is stored in docs already (5 rows): the same command leaves it at that, one with other options must leave it out',
    ],
    [
      'two',
      ['a.csv', 'b.csv', 'bad.csv'],
      {},
      '2 files before it are stored in docs already (6 rows): the same command leaves them at that,',
    ],
    [
      'without a ledger',
      ['a.csv', 'bad.csv'],
      { ledger: false },
      'a.csv is stored in docs already (5 rows): leave it out of the next command',
    ],
  ])('an error in a later one says what stays of those before: %s', async (_, files, options, told) => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    await write('b.csv', `t,v\n${rows(5, 6)}`);
    await write('bad.csv', 't,v\nx,"[1,y]"\n');
    await expect(run(files, options)).rejects.toMatchObject({
      file: 'bad.csv',
      row: 1,
      hint: expect.stringContaining(told),
    });
    expect(await count()).toBe(files.length === 3 ? 6 : 5);
  });

  test('what has to be read whole is left to its turn', async () => {
    await write('a.csv', `t,v\n${rows(0, 5)}`);
    const broken = gzipSync(Buffer.from('PAR1 and no more than that PAR1'));
    await writeFile(path.join(directory, 'b.parquet.gz'), broken);
    await expect(run(['a.csv', 'b.parquet.gz'])).rejects.toMatchObject({
      hint: expect.stringContaining('a.csv is stored in docs already'),
    });
    expect(await count()).toBe(5);
  });
});

describe('a stream', () => {
  const text = `t,v\n${rows(0, 5)}`;
  const told = 'stdin is not known again: --load-id <name> makes the same command load it once';

  test('without a name is not known again, which is said', async () => {
    expect((await run(['-'], {}, text)).notes).toContain(told);
    await write('a.csv', text);
    expect((await run(['a.csv', '-'], {}, text)).notes.filter((note) => note === told)).toHaveLength(1);
  });

  test.each<[string, Partial<IngestOptions>]>([
    ['--load-id', { loadId: 'nightly' }],
    ['--no-ledger', { ledger: false }],
    ['--on-conflict', { onConflict: 'skip' }],
    ['--truncate', { truncate: true }],
    ['--if-loaded again', { ifLoaded: 'again' }],
  ])('nothing is said with %s', async (_, options) => {
    expect((await run(['-'], options, text)).notes).not.toContain(told);
  });
});
