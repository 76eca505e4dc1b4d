import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../src/database/connect.ts';
import type { Database } from '../../../src/database/database.ts';
import { resolveTarget } from '../../../src/database/resolve.ts';
import { cases } from '../../support/cases.ts';
import { expectSameRows } from '../../support/compare-tables.ts';
import { emptyDatabase, type Fixture } from '../../support/databases.ts';
import { csvText, type Load, load } from '../../support/load.ts';
import { type Dialect, fileText, type RandomFile, randomFile } from '../../support/random-csv.ts';
import { noServer, psqlOn } from '../../support/servers.ts';
import { arrays, customTypes, scalars, unknown, type ValueCase, vectors } from '../../support/value-cases.ts';

// What psql's \copy takes gives the same table through ingest.

interface Case {
  name: string;
  /** The columns as CREATE TABLE has them. */
  columns: string;
  /** The file; `\copy` and ingest read the same bytes. */
  file: string | Uint8Array;
  /** Further options of \copy's, and ours of the same meaning. */
  copy?: string;
  options?: Partial<Load>;
}

/** A table with a column for each type; row n has the n-th text of every type that has so many, and NULL for the others. */
function wide(
  name: string,
  cases: readonly ValueCase[],
  textsOf: (one: ValueCase) => readonly string[],
): Case {
  const rows = Math.max(...cases.map((one) => textsOf(one).length)) + 1;
  const records = Array.from({ length: rows }, (_, row) => [
    String(row),
    ...cases.map((one) => textsOf(one)[row] ?? null),
  ]);
  return {
    name,
    columns: ['k int', ...cases.map(({ type }, i) => `v${i} ${type}`)].join(', '),
    file: csvText([['k', ...cases.map((_, i) => `v${i}`)], ...records]),
  };
}

const known = [...scalars, ...vectors, ...arrays];
const types = [
  wide('the types that we read', known, ({ ours }) => ours),
  wide('their spellings that we leave to PostgreSQL', known, ({ theirs = [] }) => theirs),
  wide('the types that we do not read', unknown, ({ theirs = [] }) => theirs),
  wide('all together', [...known, ...unknown], ({ ours, theirs = [] }) => [...ours, ...theirs]),
];

const long = 'x"y,\n'.repeat(60_000);

const fields: Case[] = [
  {
    name: 'text: commas, quotes, line ends, empty against NULL',
    columns: 'a text, b text, c text',
    file: [
      'a,b,c',
      'plain,"with, comma","with ""quotes"""',
      '"line\nfeed","carriage\r\nreturn","lone\rreturn"',
      ',"",x',
      '"",,""',
      'mid"dle, quo"te,a""b,x',
      '"a"b,"a"b"c",x"y,z"',
      ' leading,trailing ," quoted "',
      '\tt ,\u00a0,"\t"',
      'back\\slash,\\N,\\\\',
      'NULL,null,"NULL"',
      'ünïcödé,日本語,😀𝒳',
      '"😀,""\n",\u2028,\ufeff',
      '',
    ].join('\n'),
  },
  {
    name: 'carriage return and line feed',
    columns: 'a text, b text',
    file: 'a,b\r\n1,"x\r\ny"\r\n,""\r\n"z",last',
  },
  { name: 'carriage returns alone', columns: 'a text, b text', file: 'a,b\r1,x\r"q\r\nr",\r3,"y"\r' },
  { name: 'no line end behind the last line', columns: 'a text, b text', file: 'a,b\n1,2\n3,' },
  { name: 'no line end behind a last quote', columns: 'a text, b text', file: 'a,b\n1,"2"' },
  { name: 'a blank line in one column is NULL', columns: 'a text', file: 'a\nx\n\n""\n\n' },
  { name: 'a header alone', columns: 'a text, b text', file: 'a,b\n' },
  {
    name: 'very long fields',
    columns: 'a text, b text',
    file: `a,b\n${csvText([
      [long, 'x'],
      [null, long],
    ])}`,
  },
  {
    name: 'a dialect of its own',
    columns: 'a text, b text, c text',
    file: "a;b;c\n'it\\'s';'a;b';-\n'-';'back\\\\slash';\\x\n'a\\b';'';'x''y'\n",
    copy: "delimiter ';', quote '''', escape E'\\\\', null '-'",
    options: { delimiter: ';', quote: "'", escape: '\\', null: '-' },
  },
  {
    name: 'tabs between',
    columns: 'a text, b int',
    file: 'a\tb\n"x\ty"\t1\n\t2\n',
    copy: "delimiter E'\\t'",
    options: { delimiter: '\t' },
  },
  {
    name: 'no header, columns in the order of the table',
    columns: 'a text, b int, c text',
    file: 'x,1,\n,2,"y"\n',
    copy: 'header false',
    options: { header: false },
  },
];

const setUp = [
  'CREATE SCHEMA elsewhere',
  'CREATE EXTENSION vector SCHEMA elsewhere',
  'CREATE EXTENSION IF NOT EXISTS citext',
  'SET search_path TO public, elsewhere',
  ...customTypes,
  'RESET search_path',
];

/** The extension is in a schema that no search path has; so its types are named with it. */
function qualified(columns: string): string {
  return columns.replace(/\b(vector|halfvec|sparsevec)\b/g, 'elsewhere.$1');
}

/** Without what \copy refuses (blank lines among several columns), and what psql before 18 takes for the file's end. */
function forPsql(file: RandomFile): { header: string[]; text: string } {
  const rows = file.rows.filter((row) => row !== 'blank');
  const header = Array.from({ length: file.columns }, (_, i) => `c${i}`);
  return { header, text: fileText({ ...file, rows }).replace(/^\\\.$/gm, '\\x') };
}

function copyOptions({ delimiter, quote, nullText, ...dialect }: Dialect): string {
  const literal = (text: string) => `E'${text.replace(/[\\']/g, '\\$&').replace('\t', '\\t')}'`;
  return `delimiter ${literal(delimiter)}, quote ${literal(quote)}, escape ${literal(dialect.escape ?? quote)}, null ${literal(nullText)}`;
}

describe.skipIf(noServer !== null)('beside psql', () => {
  let fixture: Fixture;
  let database: Database;
  const name = () => new URL(fixture.url).pathname.slice(1);

  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    for (const statement of setUp) await database.query(statement);
  });

  async function makeTables(columns: string): Promise<void> {
    for (const table of ['ours', 'theirs']) {
      await database.query(`DROP TABLE IF EXISTS ${table}`);
      await database.query(`CREATE TABLE ${table} (${qualified(columns)})`);
    }
  }

  async function copyTheirs(file: string | Uint8Array, copy = ''): Promise<void> {
    const options = ['format csv', ...(copy.includes('header') ? [] : ['header']), copy]
      .filter(Boolean)
      .join(', ');
    await psqlOn(name(), ['-c', `\\copy theirs from pstdin (${options})`], Buffer.from(file));
  }

  test.each([...fields, ...types])('$name', async ({ columns, file, copy, options }) => {
    await makeTables(columns);
    await copyTheirs(file, copy);
    await load(database, file, { table: 'ours', ...options });
    await expectSameRows(database, 'ours', 'theirs');
  });

  test('random files, in pieces of a few rows', () =>
    fc.assert(
      fc.asyncProperty(randomFile, fc.integer({ min: 12, max: 80 }), async (random, pieceLength) => {
        const file = forPsql(random);
        await makeTables(file.header.map((column) => `${column} text`).join(', '));
        await copyTheirs(file.text, copyOptions(random.dialect));
        const { nullText, ...dialect } = random.dialect;
        await load(database, file.text, { table: 'ours', ...dialect, null: nullText, pieceLength });
        await expectSameRows(database, 'ours', 'theirs');
      }),
      cases(30),
    ));

  test.each([
    'timezone=America/New_York',
    'timezone=Asia/Kolkata -c datestyle=sql,dmy',
    'timezone=UTC -c datestyle=german',
  ])('a session with %s', async (options) => {
    await makeTables('k int, d date, s timestamp, z timestamptz, t timetz, i interval, a timestamptz[]');
    const settings = options.split(' -c ').map((setting) => setting.replace('=', " TO '").replace(/$/, "'"));
    const url = `${fixture.url}?options=${encodeURIComponent(`-c ${options}`)}`;
    const session = await connect(resolveTarget({ url, env: {}, cwd: '/' }), { mayCreate: false });
    try {
      // With values that need PostgreSQL, and without.
      for (const other of [
        '',
        '2,03/04/2024,03/04/2024 10:00,03/04/2024 10:00,10:00,1-2,{03/04/2024 10:00}\n',
      ]) {
        for (const [columns, length] of Object.entries({ 'k,d,s,z,t,i,a': 7, 'k,d,s,z': 4 })) {
          const lines = [
            '1,2024-02-29,2024-02-29 12:30:15,2024-02-29 12:30:15,12:30,1 day,{2024-02-29 12:30}',
            '3,2024-07-01,2024-07-01T12:30:15+05,2024-07-01T12:30:15,12:30+02,-1 2:03:04,{}',
            other.trim(),
          ];
          const rows = lines.filter(Boolean).map((line) => line.split(',').slice(0, length).join(','));
          const file = `${columns}\n${rows.join('\n')}\n`;
          const copy = `\\copy theirs (${columns}) from pstdin (format csv, header)`;
          await psqlOn(
            name(),
            [...settings.flatMap((setting) => ['-c', `SET ${setting}`]), '-c', copy],
            file,
          );
          await load(session, file, { table: 'ours' });
        }
      }
      await expectSameRows(database, 'ours', 'theirs');
    } finally {
      await session.close();
    }
  });

  test('a byte order mark, which psql takes for a part of the name, is left out', async () => {
    await makeTables('a text, b text');
    await copyTheirs('a,b\nx,y\n');
    await load(database, '\ufeffa,b\nx,y\n', { table: 'ours' });
    await expectSameRows(database, 'ours', 'theirs');
  });

  test('rows behind a line `\\.`, which psql before 18 drops in silence, are loaded', async () => {
    await makeTables('a text');
    await load(database, 'a\nx\n\\.\ny\n', { table: 'ours' });
    const { rows } = await database.query('SELECT a FROM ours');
    expect(rows.map(({ a }) => a)).toEqual(['x', '\\.', 'y']);
  });
});
