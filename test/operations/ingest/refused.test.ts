import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { copyContext } from '../../../src/database/sqlstate.ts';
import type { PgvError } from '../../../src/errors.ts';
import { eachDatabase } from '../../support/databases.ts';
import { load, quoted } from '../../support/load.ts';
import { customTypes } from '../../support/value-cases.ts';

// What the server's own COPY … CSV refuses, ingest refuses with the same SQLSTATE, in the same row and column.

const cases: [type: string, good: string, bad: string][] = [
  ['smallint', '1', '32768'],
  ['integer', '1', '-2147483649'],
  ['integer', '1', 'x'],
  ['integer', '1', ''],
  ['integer', '1', '1.0'],
  ['bigint', '1', '9223372036854775808'],
  ['real', '1', '1e39'],
  ['real', '1', '1e-46'],
  ['double precision', '1', '1e309'],
  ['double precision', '1', '1e-400'],
  ['double precision', '1', '1,5'],
  ['numeric', '1', '1.2.3'],
  ['numeric(3,1)', '1', '99.95'],
  ['boolean', 't', 'maybe'],
  ['boolean', 't', 'o'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['date', '2024-02-29', '2023-02-29'],
  ['date', '2024-02-29', '2024-13-01'],
  ['time', '12:30', '25:00'],
  ['timestamp', '2024-02-29 12:30', '294277-01-01 00:00'],
  ['timestamptz', '2024-02-29 12:30', '2024-02-29 12:30 Nowhere/City'],
  ['timestamptz', '2024-02-29 12:30', '2024-02-29 12:30+16'],
  ['json', '{}', '{"a":}'],
  ['jsonb', '{}', '{"a":}'],
  ['jsonb', '{}', '{"a":"\\u0000"}'],
  ['jsonb', '{}', ''],
  ['bytea', 'x', '\\x0'],
  ['bytea', 'x', '\\xzz'],
  ['bytea', 'x', '\\9'],
  ['varchar(3)', 'abc', 'abcd'],
  ['char(2)', 'ab', 'abc'],
  ['bit(3)', '101', '1010'],
  ['bit varying(3)', '101', '1010'],
  ['bit(3)', '101', '102'],
  ['mood', 'happy', 'sad'],
  ['short', 'abc', 'bad'],
  ['short', 'abc', 'abcd'],
  ['three', '[1,2,3]', '[1,2]'],
  ['vector(2)', '[1,2]', '[1,2,3]'],
  ['vector(2)', '[1,2]', '[1,nan]'],
  ['vector', '[1,2]', '[]'],
  ['halfvec(2)', '[1,2]', '[1,65520]'],
  ['sparsevec(2)', '{1:1}/2', '{1:1}/3'],
  ['sparsevec(2)', '{1:1}/2', '{3:1}/2'],
  ['int[]', '{1}', '{1,x}'],
  ['int[]', '{1}', '{1'],
  ['varchar(2)[]', '{ab}', '{abc}'],
  ['interval', '1 day', '1 dy'],
  ['inet', '::1', '::g'],
  ['int4range', '[1,2)', '[2,1)'],
  ["text CHECK (v <> 'no')", 'yes', 'no'],
  ['text UNIQUE', 'a', 'key 1'],
];

/** Not UTF-8: a byte that never is, NUL, a broken sequence, half of a surrogate pair, an end too early. */
const malformed = [[0xff], [0x61, 0x00, 0x62], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]];

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const statement of customTypes) await database.query(statement);
  });

  async function refusals(columns: string, file: Uint8Array) {
    await database.query('DROP TABLE IF EXISTS t');
    await database.query(`CREATE TABLE t (${columns})`);
    const theirs = await database.copyIn('COPY t FROM STDIN (FORMAT csv, HEADER)', [file.slice()]).then(
      () => ({}),
      (error: PgvError) => ({
        sqlstate: error.sqlstate,
        // The header is a line, too.
        row: (copyContext(error)?.line ?? Number.NaN) - 1,
      }),
    );
    const ours = await load(database, file, { table: 't' }).then(
      () => ({}),
      ({ sqlstate, row, file, column }: PgvError) => ({ sqlstate, row, file, column }),
    );
    expect((await database.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 0 }]);
    return { ours, theirs };
  }

  // The embedded database is the same PostgreSQL: some of them there.
  const some = cases.filter((_, i) => fixture.kind === 'server' || i % 6 === 0);
  test.each(some)('%s: %s is good, %s is not', async (type, good, bad) => {
    const unique = type.endsWith('UNIQUE');
    const lines = Array.from({ length: 9 }, (_, i) => `${i},${quoted(unique ? `key ${i}` : good)}`);
    lines.splice(6, 0, `6,${quoted(bad)}`);
    const { ours, theirs } = await refusals(`k int, v ${type}`, Buffer.from(`k,v\n${lines.join('\n')}\n`));
    expect(theirs).toMatchObject({ sqlstate: expect.stringMatching(/^(2[23]|54)/), row: 7 });
    // A constraint's violation names no column.
    const column = /CHECK|UNIQUE|short/.test(type) ? undefined : 'v';
    expect(ours).toMatchObject({ ...theirs, file: 'test.csv', ...(column && { column }) });
  });

  test.each(['text', 'varchar(9)', 'bytea', 'json', 'jsonb', 'mood', 'name', 'inet', 'text[]'])(
    'bytes in a %s that are no UTF-8',
    async (type) => {
      for (const bytes of type === 'text' ? malformed : malformed.slice(0, 2)) {
        const file = Buffer.concat([Buffer.from('k,v\n1,\n2,"'), Buffer.from(bytes), Buffer.from('"\n')]);
        const { ours, theirs } = await refusals(`k int, v ${type}`, file);
        expect(theirs).toMatchObject({ sqlstate: '22021', row: 2 });
        expect(ours).toMatchObject({ ...theirs, file: 'test.csv' });
      }
    },
  );

  test('NULL where a value must be', async () => {
    for (const columns of ['k int, v text NOT NULL', 'k int PRIMARY KEY, v text']) {
      const { ours, theirs } = await refusals(columns, Buffer.from('k,v\n1,x\n,\n'));
      expect(theirs).toMatchObject({ sqlstate: '23502', row: 2 });
      expect(ours).toMatchObject(theirs);
    }
  });
});
