import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

/** Every kind of value that a format of typed columns has a way for. */
const kept = `CREATE TABLE kept (
  id bigint PRIMARY KEY, small smallint, medium int, single real, double double precision, exact numeric(20,5), yes boolean,
  words text, short varchar(20), fixed char(4), letter "char", document json, body jsonb, raw bytea, key uuid, day date,
  clock time, moment timestamp, instant timestamptz, span interval, address inet, mood mood,
  tags text[], wholes int[], exacts numeric[], days date[], flags boolean[], keys uuid[],
  dense vector(3), ragged vector, half halfvec(2), half_ragged halfvec, sparse sparsevec(9), sparse_open sparsevec,
  bits bit(9), open_bits varbit)`;
const keptRows = `INSERT INTO kept VALUES
  (1, -32768, 2147483647, 0.1, '-0', 12345.67891, true, 'plain', 'short', 'ab', 'x', '{"a": [1,  2]}', '{"a": [1, "x,y"], "b": null}',
   '\\x00ff0a22', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '0044-03-15 BC', '24:00', '294246-12-31 23:59:59.999999',
   '4714-11-24 00:00:00+00 BC', '1 year 2 days 03:04:05', '10.0.0.1/8', 'happy', '{a,"b,c","d\\"e",NULL,"NULL",""}',
   '{1,NULL,-3}', '{1.50,NULL}', '{2024-02-29}', '{t,NULL,f}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}',
   '[1,-0,-3.5]', '[1,2]', '[65504,-0.5]', '[1]', '{1:1.5,9:-2}/9', '{3:0.1}/7', B'101100011', B'1'),
  (2, 0, 0, 'NaN', 'Infinity', 'NaN', false, '', '', '', '', '""', '"\\u00e9 \\ud83d\\ude00"', '', NULL, '5874897-12-31',
   '00:00', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999Z', '-00:00:00.000001', '::1', 'sad', '{}', '{}', '{}', '{}', '{}',
   '{}', '[1e-38,3.4028235e38,1e-45]', '[3]', '[6e-8,0]', '[1,2,3]', '{}/9', '{}/1', B'000000000', B''),
  (3, NULL, -1, '-Infinity', 5e-324, NULL, NULL, E'日本語 ünïcödé 😀 \\u00a0 \\u0001\\n', NULL, NULL, NULL, 'null', 'null', NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;

const files = ['kept.parquet', 'kept.arrow'];

eachDatabase((fixture) => {
  let cwd: string;
  const pgv = async (line: string): Promise<void> => {
    const { code, err } = await runInMemory(line.split(' '), { cwd, env: { PGV_URL: fixture.url } });
    expect(code, err).toBe(0);
  };

  /** The embedded database has one user at a time. */
  async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await fixture.open();
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  beforeAll(async () => {
    cwd = await temporaryDirectory();
    await withDatabase(async (database) => {
      await database.query('CREATE EXTENSION IF NOT EXISTS vector');
      await database.query("CREATE TYPE mood AS ENUM ('sad', 'happy')");
      await database.query(kept);
      await database.query(keptRows);
      for (const file of files) await database.query(`CREATE TABLE ${file.replace('.', '_')} (LIKE kept)`);
      await database.query(
        `INSERT INTO kept (id, words, dense, ragged)
         SELECT i, nullif(repeat('x', i % 50), ''), ARRAY[i, sin(i), -i]::vector, CASE WHEN i % 3 > 0 THEN array_fill(i, ARRAY[i % 3])::vector END
         FROM generate_series(10, 3000) i`,
      );
    });
  });

  test.each(files)('%s: out and in again, the same rows; into a new table, the same types', async (file) => {
    const table = file.replace('.', '_');
    await pgv(`export kept -o ${file}`);
    await pgv(`ingest ${file} -t ${table}`);
    await pgv(`ingest ${file} -t new_${table}`);
    const types = await withDatabase(async (database) => {
      await expectSameRows(database, table, 'kept');
      return database.query(
        `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS c FROM pg_attribute
         WHERE attrelid = 'new_${table}'::regclass AND attnum > 0 ORDER BY attnum`,
      );
    });
    expect(types.rows.map(({ c }) => c)).toEqual([
      ...['id bigint', 'small smallint', 'medium integer', 'single real', 'double double precision'],
      ...[
        'exact numeric',
        'yes boolean',
        'words text',
        'short character varying',
        'fixed bpchar',
        'letter text',
      ],
      ...['document json', 'body jsonb', 'raw bytea', 'key uuid', 'day date', 'clock time without time zone'],
      ...['moment timestamp without time zone', 'instant timestamp with time zone', 'span interval'],
      ...['address inet', 'mood text', 'tags text[]', 'wholes integer[]', 'exacts text', 'days date[]'],
      ...['flags boolean[]', 'keys uuid[]', 'dense vector(3)', 'ragged vector', 'half halfvec(2)'],
      ...['half_ragged halfvec', 'sparse sparsevec(9)', 'sparse_open sparsevec', 'bits bit(9)'],
      'open_bits bit varying',
    ]);
  });

  // Of what the lanes refuse nothing depends on the database.
  if (fixture.kind === 'embedded') return;
  test.each([
    ["SELECT 1 AS id, 'infinity'::timestamptz AS until", /an infinite timestamp, which only csv/, 'until'],
    ["SELECT 1 AS id, '{{1,2},{3,4}}'::int[] AS grid", /an array of 2 dimensions/, 'grid'],
  ])('%s: refused, with the column', async (query, message, column) => {
    const { code, out, err } = await runInMemory(
      ['export', '--query', query, '-o', 'refused.parquet', '--json'],
      { cwd, env: { PGV_URL: fixture.url } },
    );
    expect(code, err).toBe(3);
    expect(JSON.parse(out).error).toMatchObject({ message: expect.stringMatching(message), column });
  });
});
