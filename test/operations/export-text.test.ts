import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { binary } from '../../src/formats/read/binary/binary.ts';
import { csv, tsv } from '../../src/formats/read/csv/csv.ts';
import { jsonl } from '../../src/formats/read/json/json.ts';
import type { TextOptions } from '../../src/formats/write/format.ts';
import { writeFormatNamed } from '../../src/formats/write/formats.ts';
import { exportRows } from '../../src/operations/export/export.ts';
import { streamPlaces } from '../../src/operations/export/places.ts';
import { tableSource } from '../../src/operations/export/source.ts';
import { silentReporter } from '../../src/progress.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { copied } from '../support/copied.ts';
import { eachDatabase } from '../support/databases.ts';
import { csvText, load } from '../support/load.ts';
import { arrays, customTypes, scalars, unknown, vectors } from '../support/value-cases.ts';

/** Every type, and of each the values that a reader could stumble over. */
const cases = [...scalars, ...vectors, ...arrays, ...unknown].map(({ type, ours, theirs = [] }) => ({
  type,
  texts: [...ours, ...theirs],
}));
const names = cases.map((_, i) => `"c ${i}"`);
const rowCount = Math.max(...cases.map(({ texts }) => texts.length));

/**
 * What JSON has no way to tell: a JSON null from NULL, white space around a document from that between members, and
 * where an array's numbering begins.
 */
const isLostInJson = (type: string, text: string) =>
  (/^jsonb?$/.test(type) && (text === 'null' || text !== text.trim())) || text.includes(']={');

async function exported(
  database: Database,
  table: string,
  format: string,
  text: Partial<TextOptions> = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await exportRows(database, await tableSource(database, { table }, silentReporter), {
    format: writeFormatNamed(format),
    text: { header: true, null: '', delimiter: ',', ...text },
    places: streamPlaces(async (chunk) => void chunks.push(Uint8Array.from(chunk))),
    jobs: 1,
    reporter: silentReporter,
    signal: new AbortController().signal,
  });
  return Buffer.concat(chunks);
}

eachDatabase((fixture) => {
  let database: Database;

  async function makeTable(table: string, keep: (type: string, text: string) => boolean) {
    await database.query(
      `CREATE TABLE ${table} (${cases.map(({ type }, i) => `${names[i]} ${type}`).join()})`,
    );
    const kept = cases.map(({ type, texts }) => texts.filter((text) => keep(type, text)));
    const rows = Array.from({ length: rowCount + 1 }, (_, row) => kept.map((texts) => texts[row] ?? null));
    await database.copyIn(`COPY ${table} FROM STDIN (FORMAT csv)`, [Buffer.from(csvText(rows))]);
  }

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const statement of customTypes) await database.query(statement);
    await makeTable('every', () => true);
    await makeTable('json_can', (type, text) => !isLostInJson(type, text));
  });

  describe('byte for byte what the database itself writes', () => {
    test.each([
      ['csv', {}, 'HEADER'],
      ['tsv', {}, "HEADER, DELIMITER E'\\t'"],
      ['csv', { header: false, null: '\\N', delimiter: '|' }, "NULL '\\N', DELIMITER '|'"],
      // A delimiter that numbers hold, and values that read as NULL.
      ['csv', { null: '0', delimiter: '.' }, "HEADER, NULL '0', DELIMITER '.'"],
      ['csv', { null: '[1,2,3]', delimiter: ';' }, "HEADER, NULL '[1,2,3]', DELIMITER ';'"],
      ['tsv', { null: 't', header: false }, "NULL 't', DELIMITER E'\\t'"],
    ])('%s %j', async (format, text, options) => {
      const ours = await exported(database, 'every', format, text);
      const theirs = await database.transaction(async (session) =>
        copied(session, `COPY every TO STDOUT (FORMAT csv, ${options})`),
      );
      expect(ours.toString().split('\n')).toEqual(theirs.toString().split('\n'));
    });

    test('a single column', async () => {
      await database.query('CREATE TABLE single ("\\." text)');
      await database.query("INSERT INTO single VALUES ('\\.'), (''), (NULL), ('\\. '), ('a')");
      expect(String(await exported(database, 'single', 'csv'))).toBe('"\\."\n"\\."\n""\n\n\\. \na\n');
    });
  });

  test.each([
    { table: 'every', format: csv },
    { table: 'every', format: tsv },
    { table: 'json_can', format: jsonl },
    { table: 'every', format: binary },
  ])('$table as $format.name, out and in again: the same rows', async ({ table, format }) => {
    const twin = `${table}_of_${format.name}`;
    await database.query(`CREATE TABLE ${twin} (LIKE ${table})`);
    const file = await exported(database, table, format.name);
    await load(database, file, { table: twin, format });
    await expectSameRows(database, twin, table);
  });

  test('JSON lines as anyone would write them', async () => {
    await database.query(`CREATE TABLE lines (id bigint, "a ""key""" text, body jsonb, doc json, yes boolean, ratio float8,
        exact numeric, at timestamptz, tags text[], grid int[][], raw bytea, who pair, v vector(3), h halfvec(2),
        s sparsevec(5), b bit(3), u uuid)`);
    await database.query(`INSERT INTO lines VALUES
        (9007199254740993, E'"x" \\\\ \\n\\t\\x01é😀', '{"b": [1, null]}', E'{\\n  "a":\\r\\n 1}', true, 'NaN', 1.50,
         '2024-02-29 12:30:15.5+00', '{a,NULL,"b,c"}', '{{1,2},{3,4}}', '\\x00ff', '(1,"a,b")', '[1,-0.5,1e-7]', '[65504,-0]',
         '{1:1.5,5:-2}/5', B'101', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
        (NULL, '', NULL, NULL, false, -0.0, NULL, 'infinity', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    const lines = String(await exported(database, 'lines', 'jsonl')).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      `{"id":9007199254740993,"a \\"key\\"":"\\"x\\" \\\\ \\n\\t\\u0001é😀","body":{"b": [1, null]},"doc":{   "a":   1},` +
        `"yes":true,"ratio":"NaN","exact":1.50,"at":"2024-02-29T12:30:15.5+00:00","tags":["a",null,"b,c"],"grid":[[1,2],[3,4]],` +
        `"raw":"\\\\x00ff","who":"(1,\\"a,b\\")","v":[1,-0.5,1e-07],"h":[65504,-0],"s":"{1:1.5,5:-2}/5","b":"101",` +
        `"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
    );
    for (const line of lines.slice(0, 2)) expect(() => JSON.parse(line)).not.toThrow();
    expect(JSON.parse(lines[1]!)).toMatchObject({
      id: null,
      'a "key"': '',
      yes: false,
      at: 'infinity',
      tags: [],
    });
  });
});
