import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { TextOptions } from '../../src/formats/write/format.ts';
import { writeFormatFor } from '../../src/formats/write/formats.ts';
import { type ExportSummary, exportRows } from '../../src/operations/export/export.ts';
import { filePlaces } from '../../src/operations/export/file-places.ts';
import type { Destination } from '../../src/operations/export/output.ts';
import { streamPlaces } from '../../src/operations/export/places.ts';
import {
  querySource,
  type TableRequest,
  tableSource,
  trimmedQuery,
} from '../../src/operations/export/source.ts';
import { ensureExtension } from '../../src/operations/extension.ts';
import { silentReporter } from '../../src/progress.ts';
import { eachDatabase, emptyDatabase, type Fixture } from '../support/databases.ts';
import { psql } from '../support/server/psql.ts';
import { noServer, psqlOn, sharedServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const text: TextOptions = { header: true, null: '', delimiter: ',' };

interface Export extends Partial<TableRequest> {
  format?: string;
  query?: string;
  text?: Partial<TextOptions>;
  destination: Destination;
  signal?: AbortSignal;
}

async function run(database: Database, what: Export): Promise<ExportSummary> {
  const source =
    what.query === undefined
      ? await tableSource(database, { table: undefined, ...what }, silentReporter)
      : await querySource(database, trimmedQuery(what.query));
  const { format } = writeFormatFor(what.format, undefined);
  return exportRows(database, source, {
    format,
    text: { ...text, ...what.text },
    places: await placesOf(what.destination, `.${format.name}`),
    summed: true,
    reporter: silentReporter,
    signal: what.signal ?? new AbortController().signal,
  });
}

async function placesOf(destination: Destination, ending: string) {
  if ('write' in destination) return streamPlaces(destination.write);
  const { path, directory, overwrite } = destination;
  return filePlaces({ output: path, cwd: directory, overwrite, ending, baseName: 'rows', numbered: false });
}

/** What an export writes, as one buffer. */
async function bytesOf(database: Database, what: Omit<Export, 'destination'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const write = async (chunk: Uint8Array) => void chunks.push(Uint8Array.from(chunk));
  await run(database, { ...what, destination: { write } });
  return Buffer.concat(chunks);
}

/** Every kind of value that CSV could get wrong. */
const odd = `CREATE TABLE odd (
  id bigint PRIMARY KEY, "a ""name"", with comma" text, body jsonb, at timestamptz, day date, span interval,
  exact numeric, approximate double precision, yes boolean, tags text[], grid int[][], raw bytea, key uuid,
  dense vector(3), half halfvec(3), sparse sparsevec(5), bits bit(9), doubled bigint GENERATED ALWAYS AS (id * 2) STORED
)`;
const oddRows = `INSERT INTO odd VALUES
  (1, 'plain', '{"a": [1, "x,y"], "b": null}', '2024-02-29 12:34:56.789+02', '0044-03-15 BC', '1 year 2 days 03:04:05',
   12345678901234567890.123456789, 0.1, true, '{a,"b,c","d\\"e",NULL,"NULL",""}', '{{1,2},{3,4}}', '\\x00ff0a22', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
   '[1,2,-3.5]', '[1,65504,-0.5]', '{1:1.5,5:-2}/5', B'101100011'),
  (2, E'comma, "quote", \\\\.\\nline\\r\\nfeed\\ttab', '"\\u00e9 \\ud83d\\ude00"', 'infinity', '5874897-12-31', '-00:00:00.000001',
   'NaN', 'Infinity', false, '{}', NULL, '', NULL, '[1e-38,3.4028235e38,0]', '[0,0,0]', '{}/5', B'000000000'),
  (3, '', 'null', '-infinity', '-infinity', '0', -0.0, '-0', NULL, '{"\\n"}', '{}', NULL, NULL, NULL, NULL, NULL, NULL),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, '[0,0,0]', NULL, NULL, NULL),
  (5, E'日本語 ünïcödé 😀 \\u00a0 \\u0001', '{}', NULL, NULL, NULL, NULL, 5e-324, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (6, '\\.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;

const stored =
  'id, "a ""name"", with comma", body, at, day, span, exact, approximate, yes, tags, grid, raw, key, dense, half, sparse, bits';

async function makeOdd(database: Database): Promise<void> {
  await ensureExtension(database);
  await database.query(odd);
  await database.query(oddRows);
}

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await makeOdd(database);
    await database.query(
      'CREATE TABLE many AS SELECT i, repeat(md5(i::text), 20) AS t FROM generate_series(1, 20000) i',
    );
    await database.query('CREATE VIEW seen AS SELECT i FROM many WHERE i <= 3');
    await database.query('CREATE TABLE parted (i int) PARTITION BY HASH (i)');
    await database.query(
      'CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
    );
    await database.query('INSERT INTO parted SELECT generate_series(1, 5)');
  });

  test.each(['csv', 'binary'])('%s: read back by the database, the same rows', async (format) => {
    const bytes = await bytesOf(database, { table: 'odd', format });
    await database.query('CREATE TEMP TABLE twin (LIKE odd INCLUDING GENERATED)');
    const options = format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT binary';
    const loaded = await database.copyIn(`COPY twin (${stored}) FROM STDIN (${options})`, [bytes]);
    expect(loaded).toBe(6);
    const { rows } = await database.query(
      'SELECT (SELECT array_agg(o::text ORDER BY id) FROM odd o) = (SELECT array_agg(w::text ORDER BY id) FROM twin w) AS same',
    );
    expect(rows).toEqual([{ same: true }]);
    await database.query('DROP TABLE twin');
  });

  test('which rows and columns', async () => {
    const csv = async (what: Omit<Export, 'destination'>) => String(await bytesOf(database, what));
    expect(
      await csv({ table: 'odd', columns: ['bits', 'id'], where: 'id < 3 -- so', orderBy: 'id DESC' }),
    ).toBe('bits,id\n000000000,2\n101100011,1\n');
    expect(await csv({ table: 'odd', columns: ['doubled'], orderBy: 'id', limit: 2 })).toBe(
      'doubled\n2\n4\n',
    );
    expect(await csv({ table: 'seen', orderBy: 'i' })).toBe('i\n1\n2\n3\n');
    expect(await csv({ table: 'parted', limit: 0 })).toBe('i\n');
    expect((await csv({ table: 'parted' })).split('\n')).toHaveLength(7);
    const sample = (seed?: number) => csv({ table: 'many', columns: ['i'], sample: 50, seed });
    expect(new Set((await sample()).split('\n')).size).toBe(52);
    expect(await sample(7)).toBe(await sample(7));
    expect(await sample(7)).not.toBe(await sample(8));
    expect(
      await csv({
        query: "SELECT 1 AS a, NULL AS b, 'x|y' AS c;",
        text: { null: '-', delimiter: '|', header: false },
      }),
    ).toBe('1|-|"x|y"\n');
  });

  test('a file: its rows, bytes and checksum, and nothing beside it', async () => {
    const directory = await temporaryDirectory();
    for (const format of ['csv', 'binary']) {
      const destination = { path: `many.${format}`, directory, overwrite: false };
      const summary = await run(database, { table: 'many', format, destination });
      const bytes = readFileSync(join(directory, destination.path));
      expect(summary).toMatchObject({ rows: 20_000, bytes: bytes.length });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(summary.files).toEqual([{ path: destination.path, rows: 20_000, bytes: bytes.length, sha256 }]);
    }
    expect(readdirSync(directory).sort()).toEqual(['many.binary', 'many.csv']);
  });

  test('an error of the database leaves nothing, and what was there as it was', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'old.csv'), 'old');
    for (const path of ['old.csv', 'new.csv']) {
      const destination = { path, directory, overwrite: true };
      // Some rows come through before the division fails.
      const query = 'SELECT repeat(md5(i::text), 20), 1 / (15000 - i) FROM many ORDER BY i';
      await expect(run(database, { query, destination })).rejects.toMatchObject({ sqlstate: '22012' });
    }
    expect(readdirSync(directory)).toEqual(['old.csv']);
    expect(readFileSync(join(directory, 'old.csv'), 'utf8')).toBe('old');
  });

  test('what is not there', async () => {
    const destination = { write: async () => {} };
    await expect(run(database, { table: 'none', destination })).rejects.toMatchObject({ code: 'no-table' });
    await expect(run(database, { table: 'odd', columns: ['id', 'none'], destination })).rejects.toMatchObject(
      {
        code: 'no-column',
        column: 'none',
      },
    );
    await expect(run(database, { table: 'odd', where: 'none = 1', destination })).rejects.toMatchObject({
      sqlstate: '42703',
    });
  });

  test('files that cannot be written', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'there.csv'), '');
    const to = (path: string) =>
      run(database, { table: 'odd', destination: { path, directory, overwrite: false } });
    await expect(to('there.csv')).rejects.toMatchObject({ code: 'file-exists' });
    await expect(to('none/x.csv')).rejects.toThrow('directory none does not exist');
    await expect(to('there.csv/x.csv')).rejects.toThrow('directory there.csv does not exist');
    expect(readdirSync(directory).sort()).toEqual(['there.csv']);
  });

  test('a link stays a link, and a file keeps who may read it', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'real.csv'), '');
    await chmod(join(directory, 'real.csv'), 0o600);
    await symlink('real.csv', join(directory, 'link.csv'));
    await run(database, { table: 'seen', destination: { path: 'link.csv', directory, overwrite: true } });
    expect(readFileSync(join(directory, 'real.csv'), 'utf8')).toMatch(/^i\n/);
    expect(statSync(join(directory, 'real.csv')).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is said', async () => {
    const destination = { path: '/dev/full', directory: '/', overwrite: false };
    await expect(run(database, { table: 'many', destination })).rejects.toMatchObject({ code: 'disk-full' });
  });

  // On a server, an export that is ended early takes its connection along; an embedded database has but one.
  const ownConnection = async () => (fixture.kind === 'server' ? fixture.open() : database);

  test('a reader that fails is heard, and ends the export', async () => {
    const own = await ownConnection();
    let writes = 0;
    const write = async () => {
      if (++writes === 3) throw new Error('enough');
    };
    await expect(run(own, { table: 'many', destination: { write } })).rejects.toThrow('enough');
    expect(writes).toBe(3);
  });

  test('interrupted while a reader takes nothing', async () => {
    const own = await ownConnection();
    const controller = new AbortController();
    const write = () => new Promise<void>(() => setTimeout(() => controller.abort(), 10));
    const stuck = run(own, { table: 'many', destination: { write }, signal: controller.signal });
    await expect(stuck).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe.skipIf(noServer !== null)('beside psql', () => {
  let fixture: Fixture;
  const name = () => new URL(fixture.url).pathname.slice(1);

  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await makeOdd(database);
    await database.close();
  });

  test.each([
    { csv: 'format csv, header', options: {} },
    { csv: "format csv, null '∅', delimiter '|'", options: { header: false, null: '∅', delimiter: '|' } },
    { csv: "format csv, header, delimiter E'\\t'", options: { delimiter: '\t' } },
  ])('csv ($csv) is byte for byte that of \\copy', async ({ csv, options }) => {
    const database = await fixture.open();
    const copy = `\\copy (SELECT ${stored} FROM odd) to pstdout (${csv})`;
    const theirs = await psql(sharedServer(), ['-c', copy], { database: name() });
    expect(String(await bytesOf(database, { table: 'odd', text: options }))).toBe(String(theirs));
  });

  test('a binary file is read by \\copy into a twin', async () => {
    const database = await fixture.open();
    const path = 'odd.bin';
    const directory = await temporaryDirectory();
    await run(database, {
      table: 'odd',
      format: 'binary',
      destination: { path, directory, overwrite: false },
    });
    await database.query('CREATE TABLE twin (LIKE odd INCLUDING GENERATED)');
    await psqlOn(name(), ['-c', '\\copy twin from pstdin (format binary)'], { file: join(directory, path) });
    const { rows } = await database.query('SELECT count(*) FROM odd o JOIN twin t ON t::text = o::text');
    expect(rows).toEqual([{ count: 6 }]);
  });
});
