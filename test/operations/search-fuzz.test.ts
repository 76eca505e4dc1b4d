import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { UsageError } from '../../src/errors.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { silentReporter } from '../../src/progress.ts';
import { quoteLiteral, quoteName } from '../../src/sql/identifiers.ts';
import type { Metric } from '../../src/vector/metrics.ts';
import { cases } from '../support/cases.ts';
import { eachDatabase } from '../support/databases.ts';

/** Text with what would end a literal, a name or a statement, were it pasted into one. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        ';',
        '--',
        '/*',
        '$1',
        '$$',
        ')',
        '\n',
        ' OR true ',
        '::text',
        '%',
        '{',
        '}',
      ),
      fc.constantFrom('DROP TABLE docs', 'DELETE FROM docs', 'UNION SELECT', "E'\\\\'"),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** What PostgreSQL can store. */
const storable = nasty.filter((text) => text !== '' && !text.includes('\0'));
const columnName = storable.filter((name) => Buffer.byteLength(name) <= 63);
const runs = { ...cases(20), endOnFailure: true };
const query = { vector: '[1,0]' };
const is = (key: string, value: string) => ({ key, operator: '=' as const, values: [value] });

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE docs (id text PRIMARY KEY, title text, meta jsonb, tags text[], tenant_id text,
      embedding vector(2))`);
    await database.query(
      `INSERT INTO docs VALUES ('first row', 'x', '{"n": 1}', '{t}', 'one', '[1,0]'), ('second row', 'y', '{"n": 2}', '{}', 'two', '[0,1]')`,
    );
  });

  const contents = async () =>
    (
      await database.query(
        'SELECT *, (SELECT count(*) FROM pg_class)::int AS relations FROM docs ORDER BY id',
      )
    ).rows;
  const idsOf = async (options: Partial<SearchOptions>) => {
    const { hits } = await search(database, { query, k: 10, ...options }, silentReporter);
    return hits.map(({ id }) => id);
  };

  test('whatever an argument says, it is an answer or wrong usage, and changes nothing', async () => {
    const before = await contents();
    const text = fc.option(nasty, { nil: undefined });
    const options = fc.record({
      query: fc.oneof(fc.record({ id: nasty }), fc.record({ vector: nasty }), fc.constant(query)),
      table: fc.oneof(fc.constant('docs'), nasty),
      vectorColumn: fc.oneof(fc.constant(undefined), nasty),
      metric: text.map((metric) => metric as Metric | undefined),
      columns: fc.option(fc.array(nasty, { minLength: 1, maxLength: 2 }), { nil: undefined }),
      rerank: fc.constantFrom(undefined, 10),
      tenant: text,
      tenantColumn: fc.oneof(fc.constant(undefined), nasty),
      filters: fc.array(
        fc.record({
          key: fc.oneof(
            nasty,
            nasty.map((path) => `meta.${path}`),
            fc.constantFrom('title', 'tags', 'meta'),
          ),
          operator: fc.constantFrom('=', '<', '>='),
          values: fc.array(nasty, { minLength: 1, maxLength: 2 }),
        }),
        { maxLength: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        const found = await idsOf(given).catch((error: unknown) => {
          expect(error).toBeInstanceOf(UsageError);
          return [];
        });
        expect(found.length).toBeLessThanOrEqual(2);
      }),
      runs,
    );
    expect(await contents()).toEqual(before);
  });

  test('a value finds the rows that hold it and no others', async () => {
    await fc.assert(
      fc.asyncProperty(storable, async (text) => {
        await database.query({
          text: `INSERT INTO docs VALUES ($1::text, $1::text, jsonb_build_object($1::text, $1::text), ARRAY[$1::text],
            $1::text, '[1,1]') ON CONFLICT DO NOTHING`,
          values: [text],
        });
        const filters = [is('title', text), is('tags', text), is('meta', JSON.stringify({ [text]: text }))];
        // A path has dots between its keys.
        if (!text.includes('.')) filters.push(is(`meta.${text}`, JSON.stringify(text)));
        expect(await idsOf({ filters, tenant: text })).toEqual([text]);
        expect(await idsOf({ query: { id: text }, filters })).toEqual([]);
        await database.query({ text: 'DELETE FROM docs WHERE id = $1', values: [text] });
      }),
      runs,
    );
    expect(await contents()).toHaveLength(2);
  });

  test('a column is found by its name, whatever that is', async () => {
    await fc.assert(
      fc.asyncProperty(columnName, storable, async (name, value) => {
        await database.query(
          `CREATE TABLE odd (${quoteName(name)} text PRIMARY KEY, "the vector" vector(2))`,
        );
        await database.query(`INSERT INTO odd VALUES (${quoteLiteral(value)}, '[1,0]'), ('', '[0,1]')`);
        const options = {
          table: 'odd',
          columns: [name],
          filters: [is(name, value)],
          tenant: value,
          tenantColumn: name,
        };
        expect(await idsOf(options)).toEqual([value]);
        expect(await idsOf({ table: 'odd', query: { id: value } })).toEqual(['']);
        await database.query('DROP TABLE odd');
      }),
      { ...runs, ...cases(8) },
    );
  });

  test('an index on quantised vectors serves, whatever the column is called', async () => {
    await database.query('SET enable_seqscan = off');
    await fc.assert(
      fc.asyncProperty(columnName, fc.boolean(), async (name, halved) => {
        const column = quoteName(name);
        await database.query(`CREATE TABLE odd (k1 int PRIMARY KEY, ${column} vector(2))`);
        await database.query(`INSERT INTO odd VALUES (1, '[1,0]'), (2, '[0,1]')`);
        const what = halved
          ? `(${column}::halfvec(2)) halfvec_cosine_ops`
          : `(binary_quantize(${column})::bit(2)) bit_hamming_ops`;
        await database.query(`CREATE INDEX the_index ON odd USING hnsw (${what})`);
        const asked = { table: 'odd', query, k: 2, rerank: 3, explain: true };
        const { hits, explanation } = await search(database, asked, silentReporter);
        expect(hits.map(({ id }) => id)).toEqual([1, 2]);
        expect(explanation).toMatchObject({ index: 'the_index', reranked: 2 });
        await database.query('DROP TABLE odd');
      }),
      { ...runs, ...cases(8) },
    );
    await database.query('RESET enable_seqscan');
  });
});
