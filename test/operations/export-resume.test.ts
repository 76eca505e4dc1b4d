import { readdirSync, readFileSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { writeFormatNamed } from '../../src/formats/write/formats.ts';
import { type ExportOptions, exportRows } from '../../src/operations/export/export.ts';
import { filePlaces } from '../../src/operations/export/file-places.ts';
import { type TableRequest, tableSource } from '../../src/operations/export/source.ts';
import { silentReporter } from '../../src/progress.ts';
import { eachDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const text = { header: true, null: '', delimiter: ',' };

interface Run extends Partial<ExportOptions> {
  directory: string;
  output?: string;
  request?: Partial<TableRequest>;
}

/** One export with --resume; what it said. */
async function run(database: Database, { directory, output = 'docs.csv', request, ...options }: Run) {
  const notes: string[] = [];
  const reporter = { ...silentReporter, note: (line: string) => notes.push(line), ...options.reporter };
  const source = await tableSource(database, { table: 'docs', ...request }, reporter);
  const summary = await exportRows(database, source, {
    format: writeFormatNamed('csv'),
    text,
    places: await filePlaces({
      output,
      baseName: 'docs',
      ending: '.csv',
      cwd: directory,
      overwrite: false,
      numbered: false,
    }),
    jobs: 2,
    resume: true,
    signal: new AbortController().signal,
    ...options,
    reporter,
  });
  return { summary, notes };
}

/** Breaks off an export when so many rows have been read, the pauses between two notes left out. */
async function breakOff(database: Database, options: Run, rows: number): Promise<void> {
  const controller = new AbortController();
  const progress: ExportOptions['reporter']['progress'] = (state) => {
    if ((state.rows ?? 0) >= rows) controller.abort();
  };
  const broken = run(database, {
    ...options,
    signal: controller.signal,
    reporter: { ...silentReporter, progress },
  });
  await expect(broken).rejects.toMatchObject({ code: 'interrupted' });
}

const ids = (csv: string): number[] =>
  csv
    .split('\n')
    .slice(1, -1)
    .map((line) => Number(line.slice(0, line.indexOf(','))));

eachDatabase((fixture) => {
  async function filled(): Promise<Database> {
    const database = await fixture.open();
    await database.query('DROP TABLE IF EXISTS docs');
    await database.query(
      `CREATE TABLE docs (id int PRIMARY KEY, body text); ALTER TABLE docs ALTER body SET STORAGE plain;
       INSERT INTO docs SELECT i * 10, repeat(md5(i::text), 100) FROM generate_series(1, 12000) i`,
    );
    await database.query('ANALYZE docs');
    return database;
  }

  test('goes on where it was interrupted, though rows have moved since', async () => {
    const database = await filled();
    const directory = await temporaryDirectory();
    await breakOff(database, { directory }, 5_000);
    const left = readdirSync(directory).sort();
    expect(left.every((name) => name.startsWith('.'))).toBe(true);
    // Every row gets another place, and one comes in front of what is left.
    await database.query('UPDATE docs SET body = body');
    await database.query("INSERT INTO docs VALUES (119995, 'late')");
    const { summary, notes } = await run(database, { directory });
    const csv = readFileSync(join(directory, 'docs.csv'), 'utf8');
    expect(ids(csv)).toEqual(
      [...Array.from({ length: 12_000 }, (_, i) => (i + 1) * 10), 119_995].sort((a, b) => a - b),
    );
    expect(summary).toMatchObject({ rows: 12_001, bytes: csv.length });
    if (left.some((name) => name.endsWith('.json'))) expect(notes.join()).toMatch(/goes on behind/);
    expect(readdirSync(directory)).toEqual(['docs.csv']);
  });

  test('begins again, and says why, where the rows are others or the part is gone', async () => {
    const database = await filled();
    const directory = await temporaryDirectory();
    await breakOff(database, { directory }, 8_000);
    const { summary, notes } = await run(database, { directory, request: { where: 'id <= 100' } });
    expect(summary.rows).toBe(10);
    expect(notes.join()).toMatch(/begins at the beginning: the interrupted export was of other rows|^$/);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test('whatever the key is called', async () => {
    const database = await fixture.open();
    await database.query('CREATE TABLE places (place int PRIMARY KEY, key text)');
    await database.query("INSERT INTO places SELECT i, 'k' || i FROM generate_series(1, 25000) i");
    const directory = await temporaryDirectory();
    await run(database, { directory, request: { table: 'places' } });
    const csv = readFileSync(join(directory, 'docs.csv'), 'utf8');
    expect(ids(csv)).toEqual(Array.from({ length: 25_000 }, (_, i) => i + 1));
  });

  test('is over when another export has written the file', async () => {
    const database = await filled();
    const directory = await temporaryDirectory();
    await breakOff(database, { directory }, 5_000);
    await run(database, { directory, resume: false });
    expect(readdirSync(directory)).toEqual(['docs.csv']);
  });

  test('is refused where it could not be right', async () => {
    const database = await filled();
    const directory = await temporaryDirectory();
    const refused = (options: Partial<Run>) => expect(run(database, { directory, ...options })).rejects;
    await refused({ format: writeFormatNamed('parquet') }).toThrow('cannot go on with a file of parquet');
    await refused({ request: { orderBy: 'body' } }).toThrow('not together with --order-by, --limit');
    await refused({ split: { rows: 5 } }).toThrow('not with --split');
    await database.query('ALTER TABLE docs DROP CONSTRAINT docs_pkey');
    await refused({}).toThrow('needs a primary key of one column');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a part that was cut short is not taken for whole', async () => {
    const database = await filled();
    const directory = await temporaryDirectory();
    await breakOff(database, { directory }, 10_000);
    const part = readdirSync(directory).find((name) => name.endsWith('.part'));
    const hasNotes = readdirSync(directory).some((name) => name.endsWith('.json'));
    await truncate(join(directory, part!), 10);
    if (!hasNotes) return;
    await expect(run(database, { directory })).rejects.toThrow(/holds 10 bytes, not/);
    const notes = readdirSync(directory).find((name) => name.endsWith('.resume.json'));
    await expect(run(database, { directory })).rejects.toMatchObject({
      hint: expect.stringContaining('.resume.json'),
    });
    await rm(join(directory, notes!));
    await run(database, { directory });
    expect(readdirSync(directory)).toEqual(['docs.csv']);
  });
});
