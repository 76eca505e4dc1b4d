import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { builtIndexBytes, type IndexContent } from '../../src/vector/index-size.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

const content = (rest: Partial<IndexContent>): IndexContent => ({
  type: 'hnsw',
  vectorType: 'vector',
  dimensions: 128,
  options: {},
  rows: 600,
  ...rest,
});

test('of sparse vectors nobody knows the size', () => {
  expect(builtIndexBytes(content({ vectorType: 'sparsevec' }))).toBeUndefined();
});

test('an empty index is its first page', () => {
  expect(builtIndexBytes(content({ rows: 0 }))).toBe(8192);
});

describe.skipIf(noServer)('a real index takes about as much', () => {
  let database: Database;
  beforeAll(async () => {
    const fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  test.each([
    content({}),
    content({ options: { m: 40, ef_construction: 80 } }),
    content({ dimensions: 3, options: { m: 4 } }),
    content({ dimensions: 900 }),
    content({ dimensions: 2000, rows: 50 }),
    content({ vectorType: 'halfvec', dimensions: 384 }),
    content({ vectorType: 'bit', dimensions: 1024 }),
    content({ type: 'ivfflat', options: { lists: 10 } }),
    content({ type: 'ivfflat', options: { lists: 100 }, dimensions: 3 }),
    content({ type: 'ivfflat', vectorType: 'halfvec', dimensions: 700, options: { lists: 5 } }),
    content({ type: 'ivfflat', vectorType: 'bit', dimensions: 640, options: { lists: 20 } }),
  ])('%j', async ({ type, vectorType, dimensions, options, rows }) => {
    const parameters = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
    const with_ = parameters.length === 0 ? '' : `WITH (${parameters.join(', ')})`;
    const vector = `ARRAY(SELECT random()::real - 0.5 FROM generate_series(1, ${dimensions}) WHERE i > 0)::vector(${dimensions})`;
    const value = {
      vector,
      halfvec: `${vector}::halfvec(${dimensions})`,
      bit: `binary_quantize(${vector})::bit(${dimensions})`,
    };
    await database.query(`DROP TABLE IF EXISTS t;
      CREATE TABLE t AS SELECT ${value[vectorType as keyof typeof value]} AS v FROM generate_series(1, ${rows}) i;
      CREATE INDEX t_i ON t USING ${type} (v ${vectorType}_${vectorType === 'bit' ? 'hamming' : 'l2'}_ops) ${with_}`);
    const { rows: sizes } = await database.query<{ bytes: number }>(
      `SELECT pg_relation_size('t_i') AS bytes`,
    );
    const ratio =
      sizes[0]!.bytes / builtIndexBytes(content({ type, vectorType, dimensions, options, rows }))!;
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.2);
  });
});
