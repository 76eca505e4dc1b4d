import { describe, expect, test } from 'vitest';
import { findVectorIndexes } from '../../src/operations/vector-indexes.ts';
import { quoteName } from '../../src/sql/identifiers.ts';
import { quantized, quantizedColumn } from '../../src/sql/quantized.ts';
import { eachDatabase } from '../support/databases.ts';

describe('an expression', () => {
  test.each([
    'embedding',
    '(embedding)::vector(3)',
    'lower(a)',
    '(l2_normalize(a))::halfvec(3)',
    '(a + b)::halfvec(3)',
  ])('that is no quantised column: %s', (expression) => expect(quantizedColumn(expression)).toBeUndefined());
});

eachDatabase((fixture) => {
  test('an index knows its column and how it holds it, whatever the search path and the names', async () => {
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE DOMAIN "an Embedding" AS vector');
    const columns = ['embedding', 'Em "b"', 'halfvec', 'of a domain'];
    const types = ['vector(3)', 'vector(3)', 'vector(3)', '"an Embedding"'];
    await database.query(
      `CREATE TABLE docs (${columns.map((name, i) => `${quoteName(name)} ${types[i]}`).join(', ')}, other vector(3))`,
    );
    const classes = { half: 'halfvec_l2_ops', binary: 'bit_hamming_ops' };
    for (const name of columns) {
      for (const [quantization, operators] of Object.entries(classes)) {
        const expression = quantized(quoteName(name), quantization as 'half' | 'binary', 3, 'public');
        await database.query(`CREATE INDEX ON docs USING hnsw ((${expression}) ${operators})`);
      }
    }
    await database.query('CREATE INDEX ON docs USING hnsw (other vector_l2_ops)');
    await database.query('CREATE INDEX ON docs USING hnsw ((l2_normalize(other)::vector(3)) vector_l2_ops)');
    const { rows } = await database.query<{ oid: number }>(`SELECT 'docs'::regclass::oid AS oid`);
    const known = async () =>
      (await findVectorIndexes(database, rows[0]!))
        .map(({ column, quantization }) => `${column} ${quantization}`)
        .sort();
    const expected = columns.flatMap((name) => [`${name} half`, `${name} binary`]);
    const all = [...expected, 'other none', 'null none'].sort();
    expect(await known()).toEqual(all);
    await database.query('SET search_path = pg_catalog');
    expect(await known()).toEqual(all);
  });
});
