import { existsSync } from 'node:fs';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { writeFormatNamed } from '../../../src/formats/write/formats.ts';
import { findDataset } from '../../../src/operations/dataset/dataset.ts';
import { exportRows } from '../../../src/operations/export/export.ts';
import { filePlaces } from '../../../src/operations/export/file-places.ts';
import { tableSource } from '../../../src/operations/export/source.ts';
import { ensureExtension } from '../../../src/operations/extension.ts';
import { ingest } from '../../../src/operations/ingest/ingest.ts';
import { inputOf } from '../../../src/operations/ingest/input.ts';
import type { Manifest } from '../../../src/operations/manifest/manifest.ts';
import { readManifest } from '../../../src/operations/manifest/read-manifest.ts';
import { verifyManifest } from '../../../src/operations/manifest/verify.ts';
import { silentReporter } from '../../../src/progress.ts';
import { runInMemory } from '../../commands/memory-io.ts';
import { expectSameRows } from '../../support/compare-tables.ts';
import { eachDatabase, emptyDatabase, type Fixture } from '../../support/databases.ts';
import { noServer } from '../../support/servers.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const definition = `CREATE TABLE odd (
  id bigserial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, "a ""name""" text NOT NULL DEFAULT 'it''s' COLLATE "C",
  low text GENERATED ALWAYS AS (lower("a ""name""")) STORED, body jsonb, at timestamptz, tags text[],
  dense vector(3) CHECK (vector_norm(dense) < 1e10), half halfvec(3), sparse sparsevec(5), bits bit(9),
  UNIQUE (n, id), CONSTRAINT short CHECK (length("a ""name""") < 100)
)`;
const rows = `INSERT INTO odd ("a ""name""", body, at, tags, dense, half, sparse, bits)
  SELECT CASE WHEN i % 7 = 0 THEN '' ELSE 'Zeile "' || i || E'", \\\\ ü\\n' END, jsonb_build_object('i', i, 'n', NULL),
    CASE WHEN i % 5 > 0 THEN timestamptz '2024-02-29 12:34:56.789+02' + i * interval '1 hour' END,
    ARRAY['a,b', NULL, '"', 'x' || i], ('[' || i * 0.1 || ',-0,1e-30]')::vector, '[1,-0,65504]', '{1:1.5,5:-2}/5', B'101100011'
  FROM generate_series(1, 300) AS i`;
const indexes = `CREATE INDEX odd_dense ON odd USING hnsw (dense vector_cosine_ops) WITH (m = 8) WHERE id > 3;
  CREATE INDEX odd_lists ON odd USING ivfflat (half halfvec_l2_ops) WITH (lists = 2);
  CREATE UNIQUE INDEX odd_expression ON odd (upper("a ""name"""), id DESC);
  COMMENT ON TABLE odd IS 'it''s odd'; COMMENT ON COLUMN odd.half IS 'half'; COMMENT ON INDEX odd_dense IS 'dense'`;

async function makeOdd(database: Database): Promise<void> {
  await ensureExtension(database);
  for (const statement of [definition, rows, indexes]) await database.query(statement);
}

interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** The command line, on a database. */
function on({ url }: Fixture, cwd: string) {
  return (...argv: string[]): Promise<Outcome> => runInMemory(argv, { env: { PGV_URL: url }, cwd });
}

const { signal } = new AbortController();

async function exportOdd(database: Database, output: string, name = 'csv'): Promise<void> {
  const source = await tableSource(database, { table: 'odd' }, silentReporter);
  const format = writeFormatNamed(name);
  const places = await filePlaces({
    output,
    baseName: 'odd',
    ending: `.${name}`,
    cwd: output,
    overwrite: false,
    numbered: false,
  });
  await exportRows(database, source, {
    format,
    text: { header: true, null: '', delimiter: ',' },
    places,
    manifest: { pgvVersion: '1.2.3' },
    reporter: silentReporter,
    signal,
  });
}

/** As `pgv ingest <dataset> -t <table>` does. */
async function ingestDataset(database: Database, argument: string, table: string, cwd: string) {
  const request = { table, types: new Map<string, string>(), ledger: true };
  const dataset = await findDataset([argument], cwd, request, silentReporter, signal);
  const { inputs, options } = dataset!;
  const opened = inputs.map((input) => inputOf(input, options, silentReporter, signal));
  return ingest(database, opened, { ...options, table }, silentReporter, signal);
}

const manifestAt = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Manifest;

eachDatabase((fixture) => {
  test('a table is made again from its export, and its rows come to the digest that they have anywhere', async () => {
    const database = await fixture.open();
    await makeOdd(database);
    const cwd = await temporaryDirectory();
    await database.query(
      `SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET extra_float_digits = -9`,
    );
    await exportOdd(database, `${cwd}/odd/`);
    const { rows: settings } = await database.query(`SELECT current_setting('datestyle') AS style`);
    expect(settings).toEqual([{ style: 'German, DMY' }]);
    await database.query('RESET ALL');
    const found = await readManifest('odd', cwd);
    expect(found.manifest.digest).toMatchObject({
      algorithm: 'md5-sum-1',
      rows: '81817870321690470142',
      columns: { id: '-14373125909463550411' },
    });
    const summary = await ingestDataset(database, 'odd', 'made', cwd);
    expect(summary).toMatchObject({ status: 'loaded', rows: 300 });
    await expectSameRows(database, 'made', 'odd');
    const compare = () => verifyManifest(database, found, 'made', silentReporter, signal);
    expect(await compare()).toMatchObject({ same: true, differences: [] });
    expect(await ingestDataset(database, 'odd', 'made', cwd)).toMatchObject({ status: 'already-loaded' });
    await database.query(`UPDATE made SET dense = '[0,0,0]' WHERE id = 1`);
    await database.query('DROP INDEX made_dense_idx');
    expect((await compare()).differences).toEqual([
      expect.stringContaining('index odd_dense is missing: hnsw (dense vector_cosine_ops)'),
      'the rows differ in dense',
    ]);
  });

  test.each(['tsv', 'jsonl', 'binary', 'parquet', 'arrow'])(
    '%s with its manifest, into a table that is there: the same rows',
    async (name) => {
      const database = await fixture.open();
      await database.query('DROP TABLE IF EXISTS odd, taken');
      await makeOdd(database);
      await database.query('CREATE TABLE taken (LIKE odd INCLUDING GENERATED)');
      const cwd = await temporaryDirectory();
      await exportOdd(database, `${cwd}/odd/`, name);
      expect(await ingestDataset(database, 'odd', 'taken', cwd)).toMatchObject({
        status: 'loaded',
        rows: 300,
      });
      await expectSameRows(database, 'taken', 'odd');
    },
  );
});

describe.skipIf(noServer)('on the command line', () => {
  let fixture: Fixture;
  let cwd: string;
  let pgv: ReturnType<typeof on>;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    await makeOdd(await fixture.open());
    cwd = await temporaryDirectory();
    pgv = on(fixture, cwd);
    for (const [name, ...options] of exports) {
      const { code, err } = await pgv('export', 'odd', '-o', `${name}/`, '--manifest', ...options);
      expect({ code, err }).toMatchObject({ code: 0 });
    }
  });
  const exports = [
    ['csv'],
    ['strange', '--no-header', '--null', 'nil', '--delimiter', ';'],
    ['binary', '--format', 'binary', '--split', '100', '--compress', 'zstd'],
    ['tsv', '--format', 'tsv', '--compress', 'gzip'],
    ['jsonl', '--format', 'jsonl'],
    ['parquet', '--format', 'parquet', '--split', '200'],
    ['arrow', '--format', 'arrow'],
  ];

  test.each(exports)('%s: another database has the table, its rows and its indexes', async (name) => {
    const other = await emptyDatabase('server');
    const there = on(other, cwd);
    const { code, err } = await there('ingest', name!);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toContain('created table odd (11 columns, primary key, unique, check, check, 3 indexes)');
    expect(await there('export', '--verify', `${name}/manifest.json`)).toMatchObject({ code: 0 });
    const again = await there('ingest', name!, '--json');
    expect(JSON.parse(again.out)).toMatchObject({ status: 'already-loaded', rows: 0 });
    const database = await other.open();
    const made = await database.query(
      `SELECT obj_description('odd'::regclass) AS "table", obj_description('odd_dense'::regclass) AS index,
         col_description('odd'::regclass, 9) AS column, count(*) AS indexes
       FROM pg_indexes WHERE tablename = 'odd'`,
    );
    expect(made.rows).toEqual([{ table: "it's odd", index: 'dense', column: 'half', indexes: 5 }]);
    const next = await database.query('INSERT INTO odd (dense) VALUES (NULL) RETURNING id, n, "a ""name"""');
    expect(next.rows).toEqual([{ id: 301, n: 301, 'a "name"': "it's" }]);
  });

  test('under another name, beside the first', async () => {
    expect(await pgv('ingest', 'csv/manifest.json', '-t', 'odder')).toMatchObject({ code: 0 });
    const database = await fixture.open();
    await expectSameRows(database, 'odder', 'odd');
    expect(await pgv('export', '--verify', 'csv', '-t', 'odder')).toMatchObject({
      code: 0,
      out: 'odder is as csv/manifest.json has it: 300 rows, and 1 file beside it\n',
    });
  });

  test('what differs is told: exit 1', async () => {
    const database = await fixture.open();
    await pgv('ingest', 'csv', '-t', 'changed');
    await database.query('UPDATE changed SET dense = dense WHERE id = 7');
    expect(await pgv('export', '--verify', 'csv', '-t', 'changed')).toMatchObject({ code: 0 });
    await database.query(`UPDATE changed SET dense = '[0,0,0]', bits = NULL WHERE id = 7`);
    const data = await pgv('export', '--verify', 'csv', '-t', 'changed');
    expect(data).toMatchObject({ code: 1 });
    expect(data.out).toContain('the rows differ in dense, bits');
    await database.query(
      `UPDATE changed SET dense = a.dense, bits = a.bits FROM odd AS a WHERE a.id = changed.id`,
    );
    await database.query(
      `UPDATE changed SET at = b.at FROM changed AS b WHERE changed.id + b.id = 5 AND b.id IN (2, 3)`,
    );
    const swapped = await pgv('export', '--verify', 'csv', '-t', 'changed');
    expect(swapped.out).toContain('the rows differ: they hold the same values, put together otherwise');
    await database.query(
      `DELETE FROM changed WHERE id = 1; ALTER TABLE changed DROP COLUMN sparse, ADD COLUMN more int; DROP INDEX changed_dense_idx`,
    );
    const table = await pgv('export', '--verify', 'csv', '-t', 'changed', '--json');
    expect(table.code).toBe(1);
    expect(JSON.parse(table.out)).toMatchObject({
      same: false,
      differences: [
        'column sparse is missing',
        'column more is not in the manifest',
        expect.stringMatching(/^index odd_dense is missing: hnsw \(dense vector_cosine_ops\)/),
      ],
      rows: { manifest: 300, database: null },
    });
    await database.query(`ALTER TABLE changed ADD COLUMN sparse sparsevec(6)`);
    const counted = await pgv('export', '--verify', 'csv', '-t', 'changed');
    expect(counted.out).toContain('column sparse: type is sparsevec(6), not sparsevec(5)');
    expect(counted.out).toContain('there are 299 rows, the manifest has 300 rows');
  });

  test('a part of the rows and columns is known as one', async () => {
    const where = ['--where', 'odd.id > 290 -- all', '--columns', 'half,id'];
    const exported = await pgv('export', 'odd', '-o', 'part.csv', '--manifest', ...where);
    expect(exported).toMatchObject({
      code: 0,
      err: expect.stringContaining(' to part.csv and part.csv.manifest.json in '),
    });
    const { table, columns, rows } = await manifestAt(path.join(cwd, 'part.csv.manifest.json'));
    expect(columns).toEqual(['half', 'id']);
    expect(rows).toBe(10);
    expect(table.columns.map(({ name }) => name)).toEqual(['id', 'half']);
    expect([...table.constraints, ...table.indexes].map(({ name }) => name)).toEqual([
      'odd_pkey',
      'odd_lists',
    ]);
    expect(await pgv('export', '--verify', 'part.csv.manifest.json')).toMatchObject({ code: 0 });
    const loaded = await pgv('ingest', 'part.csv.manifest.json', '-t', 'part');
    expect(loaded.err).toContain('the files hold some of the columns and some of the rows of odd');
    expect(await pgv('export', '--verify', 'part.csv.manifest.json', '-t', 'part')).toMatchObject({
      code: 0,
    });
  });

  test('arrays come in again with their ids beside them, or among them', async () => {
    for (const format of ['npy', 'npz', 'fvecs']) {
      const out = ['-o', `${format}/`, '--format', format, '--vector-column', 'half'];
      expect(await pgv('export', 'odd', '--manifest', ...out)).toMatchObject({ code: 0 });
      expect(await pgv('ingest', format, '-t', `from_${format}`)).toMatchObject({ code: 0 });
      expect(await pgv('export', '--verify', format, '-t', `from_${format}`)).toMatchObject({ code: 0 });
    }
    const both = ['-o', 'both/', '--format', 'npz', '--columns', 'id,dense,half'];
    expect(await pgv('export', 'odd', '--manifest', ...both)).toMatchObject({ code: 0 });
    const refused = await pgv('ingest', 'both', '-t', 'from_both');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain('tells of vectors of 2 columns in npz, of which one can be read');
  });

  test('a table without rows is made again from a file without a byte', async () => {
    await (await fixture.open()).query('CREATE TABLE nothing (id int PRIMARY KEY, "say ""hi""" vector(2))');
    for (const format of ['csv', 'jsonl', 'fvecs']) {
      const out = ['-o', `no-${format}/`, '--format', format, '--no-header'].slice(
        0,
        format === 'csv' ? 5 : 4,
      );
      expect(await pgv('export', 'nothing', '--manifest', ...out)).toMatchObject({ code: 0 });
      expect(await pgv('ingest', `no-${format}`, '-t', `no_${format}`)).toMatchObject({ code: 0 });
      expect(await pgv('export', '--verify', `no-${format}`, '-t', `no_${format}`)).toMatchObject({
        code: 0,
      });
    }
  });

  test('a query has columns alone, and a limit without an order no digest', async () => {
    const query = ['--query', 'SELECT id, dense AS embedding FROM odd WHERE id < 5;'];
    expect(await pgv('export', '-o', 'query.csv', '--manifest', ...query)).toMatchObject({ code: 0 });
    expect(await pgv('export', '--verify', 'query.csv.manifest.json')).toMatchObject({ code: 0 });
    expect(await pgv('ingest', 'query.csv.manifest.json')).toMatchObject({ code: 2 });
    expect(await pgv('ingest', 'query.csv.manifest.json', '-t', 'queried')).toMatchObject({ code: 0 });
    expect(await pgv('export', 'odd', '-o', 'few.csv', '--manifest', '--limit', '3')).toMatchObject({
      code: 0,
    });
    expect((await manifestAt(path.join(cwd, 'few.csv.manifest.json'))).digest).toBeNull();
  });

  test('a table that is there is taken where its columns fit', async () => {
    const database = await fixture.open();
    await database.query('CREATE TABLE fits (LIKE odd, extra int)');
    expect(await pgv('ingest', 'csv', '-t', 'fits')).toMatchObject({ code: 0 });
    await database.query(
      'CREATE TABLE fits_not (LIKE odd); ALTER TABLE fits_not ALTER half TYPE vector(3), DROP bits',
    );
    const { code, err } = await pgv('ingest', 'csv', '-t', 'fits_not');
    expect(code).toBe(2);
    expect(err).toContain(
      'table fits_not is not as csv/manifest.json has it: half is vector(3), not halfvec(3), it has no bits',
    );
  });

  test('without a ledger the indexes are made at once, but for ivfflat', async () => {
    const other = await emptyDatabase('server');
    const { code, err } = await on(other, cwd)('ingest', 'csv', '--no-ledger');
    expect(code).toBe(0);
    expect(err).toContain('index odd_lists is not made');
    const { rows: found } = await (await other.open()).query(
      `SELECT 1 FROM pg_indexes WHERE tablename = 'odd'`,
    );
    expect(found.length).toBe(4);
  });

  test('--dry-run makes nothing', async () => {
    const other = await emptyDatabase('server');
    const { code, out } = await on(other, cwd)('ingest', 'csv', '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('"half" halfvec(3)');
    const { rows: found } = await (await other.open()).query(`SELECT 1 FROM pg_class WHERE relname = 'odd'`);
    expect(found).toEqual([]);
  });

  test('--force without --manifest takes the old one away, but not that of other files', async () => {
    for (const args of [
      ['-o', 'gone.csv'],
      ['-o', 'gone/'],
    ]) {
      expect(await pgv('export', 'odd', ...args, '--manifest')).toMatchObject({ code: 0 });
      expect(await pgv('export', 'odd', ...args, '--force')).toMatchObject({ code: 0 });
    }
    expect(existsSync(`${cwd}/gone.csv.manifest.json`)).toBe(false);
    expect(existsSync(`${cwd}/gone/manifest.json`)).toBe(false);
    expect(await pgv('export', 'odd', '-o', 'gone/', '--force', '--manifest')).toMatchObject({ code: 0 });
    expect(await pgv('export', 'odd', '-o', 'gone/other.csv')).toMatchObject({ code: 0 });
    expect(existsSync(`${cwd}/gone/manifest.json`)).toBe(true);
  });

  test('--force replaces the manifest, and nothing else does', async () => {
    expect(await pgv('export', 'odd', '-o', 'once.csv', '--manifest')).toMatchObject({ code: 0 });
    await rm(path.join(cwd, 'once.csv'));
    const again = await pgv('export', 'odd', '-o', 'once.csv', '--manifest');
    expect(again).toMatchObject({ code: 2 });
    expect(again.err).toContain('once.csv.manifest.json exists already');
    await expect(readFile(path.join(cwd, 'once.csv'))).rejects.toThrow('ENOENT');
    expect(await pgv('export', 'odd', '-o', 'once.csv', '--manifest', '--force')).toMatchObject({ code: 0 });
    expect(await pgv('export', 'odd', '-o', '-', '--manifest')).toMatchObject({ code: 2 });
  });
});

describe.skipIf(noServer)('a manifest that cannot be trusted loads nothing', () => {
  let cwd: string;
  let pgv: ReturnType<typeof on>;
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await ensureExtension(database);
    await database.query(
      `CREATE TABLE docs AS SELECT i AS id, 'text ' || i AS text FROM generate_series(1, 9) AS i`,
    );
    cwd = await temporaryDirectory();
    pgv = on(fixture, cwd);
    await pgv('export', 'docs', '-o', 'docs/', '--manifest', '--split', '4');
  });

  const inDocs = (name: string) => path.join(cwd, 'docs', name);
  const changedManifest = (change: (manifest: Manifest) => unknown) => async () => {
    const whole = await readFile(inDocs('manifest.json'), 'utf8');
    const changed = change(JSON.parse(whole) as Manifest);
    await writeFile(inDocs('manifest.json'), typeof changed === 'string' ? changed : JSON.stringify(changed));
    return () => writeFile(inDocs('manifest.json'), whole);
  };
  const cases: [string, () => Promise<() => Promise<unknown>>, string][] = [
    [
      'a file that is not there',
      async () => {
        await rename(inDocs('docs-00003.csv'), inDocs('gone'));
        return () => rename(inDocs('gone'), inDocs('docs-00003.csv'));
      },
      'docs/docs-00003.csv is not there',
    ],
    [
      'a file that is longer',
      async () => {
        const whole = await readFile(inDocs('docs-00002.csv'));
        await appendFile(inDocs('docs-00002.csv'), '10,more\n');
        return () => writeFile(inDocs('docs-00002.csv'), whole);
      },
      'docs/docs-00002.csv has 52 bytes, and had 44',
    ],
    [
      'a file of other bytes',
      async () => {
        const whole = await readFile(inDocs('docs-00002.csv'), 'latin1');
        await writeFile(inDocs('docs-00002.csv'), whole.replace('text 5', 'text 6'));
        return () => writeFile(inDocs('docs-00002.csv'), whole);
      },
      'docs/docs-00002.csv has another content than it had',
    ],
    ['no JSON', changedManifest((manifest) => JSON.stringify(manifest).slice(0, -5)), 'it is no JSON'],
    ['another JSON', changedManifest(() => [{ id: 1 }]), "is no manifest of pgv's"],
    [
      'a version to come',
      changedManifest((manifest) => ({ ...manifest, pgvManifest: 2 })),
      'is a manifest of version 2, and this pgv reads 1',
    ],
    [
      'a broken member',
      changedManifest(({ files, ...rest }) => ({ ...rest, files: [files[0], { ...files[1], rows: -1 }] })),
      'files[1].rows is not a whole number',
    ],
    [
      'a file outside',
      changedManifest(({ files, ...rest }) => ({ ...rest, files: [{ ...files[0], path: 'a/../../x' }] })),
      'a/../../x is not a file in the folder of the manifest',
    ],
    ['no files', changedManifest((manifest) => ({ ...manifest, files: [] })), 'tells of no files'],
  ];

  test.each(cases)('%s', async (_, spoil, message) => {
    const mend = await spoil();
    const { code, err } = await pgv('ingest', 'docs', '-t', 'again');
    await mend();
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(message) });
  });

  test('and whole again it is loaded', async () => {
    const { code } = await pgv('ingest', 'docs', '-t', 'again');
    expect(code).toBe(0);
    expect((await pgv('export', '--verify', 'docs', '-t', 'again')).out).toBe(
      'again is as docs/manifest.json has it: 9 rows, and 3 files beside it\n',
    );
  });

  test('--verify tells of a file that was changed, and not of one that is not there', async () => {
    const whole = await readFile(inDocs('docs-00001.csv'));
    await rm(inDocs('docs-00001.csv'));
    const without = await pgv('export', '--verify', 'docs');
    expect(without).toMatchObject({ code: 0 });
    expect(without.out).toContain(', and 2 of 3 files beside it\n');
    await writeFile(inDocs('docs-00001.csv'), 'id\n');
    const { code, out } = await pgv('export', '--verify', 'docs');
    await writeFile(inDocs('docs-00001.csv'), whole);
    expect(code).toBe(1);
    expect(out).toContain('file docs-00001.csv has 3 bytes, and had');
  });

  test('what does not go together is refused', async () => {
    expect(await pgv('ingest', 'docs', 'docs/docs-00001.csv')).toMatchObject({ code: 2 });
    expect(await pgv('ingest', 'docs', '--types', 'id=text')).toMatchObject({ code: 2 });
    expect(await pgv('export', '--verify', 'docs', '--where', 'true')).toMatchObject({ code: 2 });
    expect(await pgv('export', '--verify', 'nowhere')).toMatchObject({ code: 2 });
    const folder = await pgv('ingest', '.');
    expect(folder).toMatchObject({ code: 2 });
    expect(folder.err).toContain('. is a directory without manifest.json');
  });

  test("a user's own file of the name is a file with rows", async () => {
    await writeFile(path.join(cwd, 'own.manifest.json'), '[{"id": 1, "text": "a"}]');
    expect(await pgv('ingest', 'own.manifest.json', '-t', 'own')).toMatchObject({ code: 0 });
  });
});

describe.skipIf(noServer)('what is not made again is told', () => {
  test('partitions, foreign keys, row security; and a type that is not there', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query(
      `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE owners (id int PRIMARY KEY);
       CREATE TABLE parts (id int REFERENCES owners, day date, mood mood, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
       CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
       CREATE INDEX ON parts (mood); ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
       INSERT INTO owners VALUES (1); INSERT INTO parts VALUES (1, '2024-02-29', 'ok')`,
    );
    const cwd = await temporaryDirectory();
    expect(await on(fixture, cwd)('export', 'parts', '-o', 'parts/', '--manifest')).toMatchObject({
      code: 0,
    });
    const other = await emptyDatabase('server');
    const without = await on(other, cwd)('ingest', 'parts');
    expect(without.code).toBe(4);
    expect(without.err).toMatch(/type "public.mood" does not exist[\s\S]*parts\/manifest.json needs it/);
    await (await other.open()).query(`CREATE TYPE mood AS ENUM ('sad', 'ok')`);
    const elsewhere = await on(other, cwd)('ingest', 'parts', '-t', 'none.parts');
    expect(elsewhere).toMatchObject({ code: 4, err: expect.stringContaining('make the schema first, or') });
    const { code, err } = await on(other, cwd)('ingest', 'parts');
    expect(code).toBe(0);
    expect(err).toContain('parts was cut by RANGE (day), and is made as one table');
    expect(err).toContain('foreign keys are not made again: parts_id_fkey');
    expect(err).toContain('row security was on for parts, and its policies are not made again');
  });

  test('a role that may not make the table hears that, and nothing of how the table is', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    const role = `pgv_manifest_${process.pid}`;
    await database.query(`CREATE EXTENSION vector; CREATE TABLE plain (id int PRIMARY KEY); INSERT INTO plain VALUES (1);
      CREATE SCHEMA shut; CREATE ROLE ${role} LOGIN`);
    const cwd = await temporaryDirectory();
    expect(await on(fixture, cwd)('export', 'plain', '-o', 'plain/', '--manifest')).toMatchObject({
      code: 0,
    });
    const asRole = new URL(fixture.url);
    asRole.username = role;
    const outcome = await runInMemory(['ingest', 'plain', '-t', 'shut.plain', '--no-ledger'], {
      env: { PGV_URL: asRole.href },
      cwd,
    });
    await database.query(`DROP ROLE ${role}`);
    expect(outcome.code).toBe(4);
    expect(outcome.err).toMatch(/permission denied for schema shut[\s\S]*hint: have it granted/);
  });
});
