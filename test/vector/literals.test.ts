import { beforeAll, expect, test } from 'vitest';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../src/copy/binary.ts';
import type { Database } from '../../src/database/database.ts';
import type { PgvError } from '../../src/errors.ts';
import { BAD, TAKEN } from '../../src/text-reader.ts';
import { textReader } from '../../src/values/types.ts';
import { maxDimensions } from '../../src/vector/limits.ts';
import { eachDatabase } from '../support/databases.ts';

// Odd literals: what the database refuses is refused with the same SQLSTATE, or left to it; what it accepts is taken
// for the same value, or left to it.

const lists = (n: number) => Array.from({ length: n }, () => '1').join(',');

const elements = (n: number) => Array.from({ length: n }, (_, i) => `${i + 1}:1`).join(',');

const dense = [
  ...[
    '',
    ' ',
    '[',
    ']',
    '[]',
    '[ ]',
    '[,]',
    '[1,]',
    '[,1]',
    '[1,,2]',
    '[1,2,3',
    '1,2,3]',
    '1,2,3',
    '[1,2,3]]',
    '[[1,2,3]]',
  ],
  ...[
    '[1,2,3]x',
    '[1,2,3],',
    '[1,2,3][1,2,3]',
    'x[1,2,3]',
    '{1,2,3}',
    '(1,2,3)',
    '[1 2 3]',
    '[1;2;3]',
    '[1,2]',
    '[1,2,3,4]',
  ],
  ...[
    '[1, 2 ,3]',
    ' [1,2,3]',
    '[1,2,3] ',
    '\t[\n1\r,\v2\f,3 ]\n',
    '[1,2,3]\u00a0',
    '[1,\u00a02,3]',
    '[+1,+2,+3]',
    '[--1,2,3]',
    '[+-1,2,3]',
  ],
  ...[
    '[- 1,2,3]',
    '[1e5,1E+05,1e-5]',
    '[1e,2,3]',
    '[1e+,2,3]',
    '[e5,2,3]',
    '[1e2.5,2,3]',
    '[1.2.3,2,3]',
    '[.,2,3]',
    '[.5,5.,0.]',
    '[.e5,2,3]',
  ],
  ...[
    '[1e-50,-1e-50,0]',
    '[1e400,2,3]',
    '[-1e39,2,3]',
    '[3.5e38,2,3]',
    '[3.4028235677973366e38,2,3]',
    '[340282356779733661637539395458142568448,2,3]',
  ],
  ...[
    '[340282356779733661637539395458142568447.999,2,3]',
    `[1${'0'.repeat(50)},2,3]`,
    '[1e99999999999999999999,2,3]',
    '[1e-99999999999999999999,2,3]',
    '[0e99999999999,2,3]',
  ],
  ...[
    '[nan,2,3]',
    '[NaN,2,3]',
    '[-nan,2,3]',
    '[nan(1),2,3]',
    '[inf,2,3]',
    '[Infinity,2,3]',
    '[-INF,2,3]',
    '[null,2,3]',
    '[NULL]',
    '["1",2,3]',
  ],
  ...[
    '[0x10,2,3]',
    '[0X1.8p3,2,3]',
    '[0x,2,3]',
    '[0x1p200,2,3]',
    '[-0x1p-3,2,3]',
    '[1_000,2,3]',
    '[1f,2,3]',
    '[1d,2,3]',
    '[１,2,3]',
    '[1,2,3e]',
  ],
  ...[
    '[65504,65519,-65519]',
    '[65520,2,3]',
    '[65519.99,2,3]',
    '[65519.9999999,2,3]',
    '[-65536,2,3]',
    '[1e-8,2.9802322e-8,2.98023225e-8]',
  ],
  ...[`[${lists(16_000)}]`, `[${lists(16_001)}]`],
];

const sparse = [
  ...[
    '',
    '{}',
    '{}/3',
    '{ }/3',
    ' {}/3 ',
    '{}/ 3',
    '{} /3',
    '{}/0',
    '{}/-1',
    '{}/4',
    '{}/3x',
    '{}/1e3',
    '{}/03',
    '{}/+3',
    '{}/3.0',
    '{}/99999999999',
  ],
  ...[
    '{1:1}/3',
    '{1:1,2:2,3:3}/3',
    '{3:3,1:1}/3',
    '{1:1,}/3',
    '{,1:1}/3',
    '{1:1 2:2}/3',
    '{1:1;2:2}/3',
    '{1:1,1:2}/3',
    '{1:0,1:2}/3',
    '{0:1}/3',
    '{4:1}/3',
  ],
  ...[
    '{-1:1}/3',
    '{+1:1}/3',
    '{01:1}/3',
    '{1.0:1}/3',
    '{1e0:1}/3',
    '{99999999999:1}/3',
    '{ 1 : 1 , 2 : 2 }/3',
    '{1: 1}/3',
    '{1 :1}/3',
    '{\t1:1\n}/3',
    '{1:}/3',
    '{:1}/3',
  ],
  ...[
    '{1:0}/3',
    '{1:-0}/3',
    '{1:nan}/3',
    '{1:inf}/3',
    '{1:1e400}/3',
    '{1:1e-50}/3',
    '{1:1e-45}/3',
    '{1:0x10}/3',
    '{1:0e99}/3',
    '{1:.5,2:5.}/3',
    '{1:1',
    '1:1}/3',
    '[1,2,3]',
    '{1:1}',
    '{1:1}/',
    `{${elements(16_000)}}/20000`,
    `{${elements(16_001)}}/20000`,
    `{${elements(16_000)},17000:0}/20000`,
  ],
];

const bits = [
  ...[
    '',
    '101',
    '10',
    '1010',
    '102',
    'b101',
    'B101',
    'x5',
    'X5',
    ' 101',
    '101 ',
    '1 01',
    '1,0',
    'abc',
    '-1',
    '+101',
    'true',
    '１01',
  ],
];

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  /** What the database makes of the literal: the value's text, or the SQLSTATE. */
  async function theirs(literal: string): Promise<string> {
    try {
      await database.query('TRUNCATE one');
      await database.copyIn('COPY one FROM STDIN (FORMAT csv)', [
        Buffer.from(`"${literal.replaceAll('"', '""')}"\n`),
      ]);
      return await stored();
    } catch (error) {
      return (error as PgvError).sqlstate ?? String(error);
    }
  }

  async function stored(): Promise<string> {
    const { rows } = await database.query<{ v: string }>('SELECT v::text AS v FROM one');
    return rows[0]!.v;
  }

  /** The same of what the reader takes or refuses; undefined where it leaves the literal to the database. */
  async function ours(
    name: string,
    length: number | undefined,
    literal: string,
  ): Promise<string | undefined> {
    const reader = textReader({ name, length }, { utc: true, canonical: false })!;
    // Between bytes that would go well with it: a field ends where it ends.
    const verdict = reader.read(
      Buffer.from(`[7,${literal}1,2,3]1}/3]10110111`),
      3,
      3 + Buffer.byteLength(literal),
    );
    if (verdict === BAD) return reader.problem!.sqlstate;
    if (verdict !== TAKEN) return undefined;
    const tuple = encodeBinary({ rows: 1, columns: [reader.take()] });
    await database.query('TRUNCATE one');
    await database.copyIn('COPY one FROM STDIN (FORMAT binary)', [
      binaryHeader.slice(),
      tuple,
      binaryTrailer.slice(),
    ]);
    return stored();
  }

  test.each([
    ['vector', 3, dense],
    ['vector', undefined, dense],
    ['halfvec', 3, dense],
    ['halfvec', undefined, dense],
    ['sparsevec', 3, sparse],
    ['sparsevec', undefined, sparse],
    ['bit', 3, bits],
    ['varbit', undefined, bits],
  ])('%s(%s)', async (name, length, literals) => {
    await database.query('DROP TABLE IF EXISTS one');
    await database.query(`CREATE TABLE one (v ${name}${length === undefined ? '' : `(${length})`})`);
    const different: unknown[] = [];
    for (const literal of literals) {
      const theirVerdict = await theirs(literal);
      const ourVerdict = await ours(name, length, literal);
      if (ourVerdict !== undefined && ourVerdict !== theirVerdict) {
        different.push({
          literal: literal.slice(0, 60),
          ours: ourVerdict.slice(0, 60),
          theirs: theirVerdict.slice(0, 60),
        });
      }
    }
    expect(different).toEqual([]);
  });

  test('the limits are those of the extension', async () => {
    const { vector, halfvec, sparsevec } = maxDimensions;
    await database.query(
      `SELECT NULL::vector(${vector}), NULL::halfvec(${halfvec}), NULL::sparsevec(${sparsevec})`,
    );
    for (const type of [`vector(${vector + 1})`, `halfvec(${halfvec + 1})`, `sparsevec(${sparsevec + 1})`]) {
      await expect(database.query(`SELECT NULL::${type}`)).rejects.toMatchObject({ sqlstate: '22023' });
    }
  });
});
