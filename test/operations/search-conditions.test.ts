import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { UsageError } from '../../src/errors.ts';
import { ensureExtension } from '../../src/operations/extension.ts';
import type { Filter } from '../../src/operations/search/filters.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { searchText } from '../../src/operations/search/text.ts';
import { silentReporter } from '../../src/progress.ts';
import type { Comparison } from '../../src/sql/search-conditions.ts';
import { eachDatabase } from '../support/databases.ts';
import { collectReports } from '../support/reports.ts';

const query = { vector: '[1,0]' };

async function idsOf(database: Database, options: Partial<SearchOptions>): Promise<unknown[]> {
  const { hits } = await search(database, { query, k: 100, table: 'docs', ...options }, silentReporter);
  return hits.map(({ id }) => id);
}

function failure(database: Database, options: Partial<SearchOptions>): Promise<unknown> {
  return search(database, { query, k: 100, table: 'docs', ...options }, silentReporter).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

const equal = (key: string, ...values: string[]): Filter => ({ key, operator: '=', values });
const compare = (key: string, operator: Comparison, value: string): Filter => ({
  key,
  operator,
  values: [value],
});

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
  });
  beforeAll(async () => {
    await ensureExtension(database);
    await database.query(`CREATE TABLE docs (
      id bigint PRIMARY KEY, title text, short varchar(3), pages int, live boolean, tags text[], born date,
      "a.b" text, "it's ""odd""" text, meta jsonb, plain json, embedding vector(2))`);
    await database.query(`INSERT INTO docs VALUES
      (1, 'seven', 'abc', 7, true, '{red,blue}', '2024-01-02', 'x', 'y', '{"n": 7, "s": "7", "deep": {"er": "down"}}', '{"n": 1}', '[1,0]'),
      (2, '7', 'abd', 8, false, '{blue}', '2024-01-03', 'z', 'w', '{"n": "7", "list": ["a", 2], "yes": true, "none": null}', '{"n": 2}', '[0.9,0.1]'),
      (3, 'it''s; DROP TABLE docs; --', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[0.8,0.2]'),
      (4, 'no vector', 'abc', 7, true, '{red}', '2024-01-02', 'x', 'y', '{"n": 7}', '{"n": 1}', NULL),
      (5, 'big', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"n": 9007199254740993}', NULL, '[0.7,0.3]')`);
  });

  test.each<[string, string, number[]]>([
    ['title', '7', [2]],
    ['pages', '7', [1]],
    ['short', 'abc', [1]],
    ['short', 'abcd', []],
    ['live', 'true', [1]],
    ['born', '2024-01-03', [2]],
    ['tags', 'blue', [1, 2]],
    ['a.b', 'x', [1]],
    ['it\'s "odd"', 'w', [2]],
    ['meta.n', '7', [1, 2]],
    ['meta.n', '"7"', [2]],
    ['meta.s', '7', [1]],
    ['meta.deep.er', 'down', [1]],
    ['meta.deep', '{"er":"down"}', [1]],
    ['meta', '{"n":7}', [1]],
    ['meta.list', '["a"]', [2]],
    ['meta.yes', 'true', [2]],
    ['meta.none', 'null', [2]],
    ['meta.n', '9007199254740993', [5]],
    ['meta.n', '9007199254740992', []],
    ['plain.n', '2', [2]],
    ['title', "it's; DROP TABLE docs; --", [3]],
    ['title', "' OR true --", []],
    ['meta.n', '7"} OR true --', []],
    ['meta.n\'"} OR true --', '7', []],
  ])('filter %s=%s', async (key, value, ids) => {
    expect(await idsOf(database, { filters: [equal(key, value)] })).toEqual(ids);
    expect(await idsOf(database, {})).toHaveLength(4);
  });

  test.each<[string, Comparison, string, number[]]>([
    ['pages', '>=', '8', [2]],
    ['pages', '>', '7', [2]],
    ['pages', '<', '8', [1]],
    ['pages', '<=', '8', [1, 2]],
    ['born', '>=', '2024-01-03', [2]],
    ['title', '<', '7a', [2]],
    // Numbers compare with numbers, "7" is none; a text with texts; what is not there, with nothing.
    ['meta.n', '>=', '7', [1, 5]],
    ['meta.n', '>', '7.0', [5]],
    ['meta.n', '<', '1e1', [1]],
    ['meta.n', '>', '9007199254740992', [5]],
    ['meta.n', '>=', '"7"', [2]],
    ['meta.deep.er', '>', 'a', [1]],
    ['meta.deep', '>', '1', []],
    ['meta.yes', '>=', '0', []],
    ['plain.n', '<', '2', [1]],
    ['meta.n', '>', "9' OR true --", []],
  ])('filter %s%s%s', async (key, operator, value, ids) => {
    expect(await idsOf(database, { filters: [compare(key, operator, value)] })).toEqual(ids);
  });

  test.each<[string, string[], number[]]>([
    ['title', ['7', 'big', 'none'], [2, 5]],
    ['pages', ['7', '8'], [1, 2]],
    ['tags', ['red', 'green'], [1]],
    ['tags', ['red', 'blue'], [1, 2]],
    ['meta.n', ['7', '9007199254740993'], [1, 2, 5]],
    ['meta.deep.er', ['up', 'down'], [1]],
  ])('filter %s in %j', async (key, values, ids) => {
    expect(await idsOf(database, { filters: [equal(key, ...values)] })).toEqual(ids);
  });

  test('an index on jsonb or on an array serves its filter', async () => {
    await database.query(`CREATE TABLE wide AS SELECT i AS id, jsonb_build_object('n', i) AS meta, ARRAY[i] AS tags,
      ARRAY[i, 1]::vector(2) AS embedding FROM generate_series(1, 5000) AS i`);
    await database.query('CREATE INDEX wide_meta ON wide USING gin (meta jsonb_path_ops)');
    await database.query('CREATE INDEX wide_tags ON wide USING gin (tags)');
    await database.query('ANALYZE wide');
    for (const key of ['meta.n', 'tags']) {
      const filters = [equal(key, '77', '78')];
      const options = { query, k: 5, table: 'wide', filters, explain: true };
      const { hits, explanation } = await search(database, options, silentReporter);
      expect(hits.map(({ id }) => id)).toEqual([78, 77]);
      expect(explanation!.rowsScanned).toBe(2);
      expect(JSON.stringify(explanation!.plan)).toContain(`wide_${key.slice(0, 4)}`);
    }
    await database.query('DROP TABLE wide');
  });

  test('a tenant sees its own rows', async () => {
    await database.query('CREATE TABLE shared (id int, tenant_id uuid, "Org" int, embedding vector(2))');
    const [one, two] = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];
    await database.query(
      `INSERT INTO shared VALUES (1, '${one}', 5, '[1,0]'), (2, '${two}', 6, '[1,0]'), (3, '${one}', 6, '[0,1]')`,
    );
    expect(await idsOf(database, { table: 'shared', tenant: one })).toEqual([1, 3]);
    expect(await idsOf(database, { table: 'shared', tenant: '6', tenantColumn: 'Org' })).toEqual([2, 3]);
    expect(await failure(database, { table: 'shared', tenant: "' OR true --" })).toMatchObject({
      message: expect.stringContaining('invalid input syntax for type uuid'),
      hint: 'check the vector and --tenant',
    });
    expect(await failure(database, { tenant: one })).toMatchObject({
      message: 'column tenant_id does not exist in docs',
      hint: expect.stringContaining('--tenant-column'),
    });
    await database.query('DROP TABLE shared');
  });

  test('filters and --where hold together', async () => {
    const filters = [equal('tags', 'blue'), equal('meta.n', '7')];
    expect(await idsOf(database, { filters, where: 'pages > 7 -- a comment' })).toEqual([2]);
  });

  test.each<[string, Partial<SearchOptions>, string]>([
    ['an unknown column', { filters: [equal('nope', '1')] }, 'filter nope names no column of docs'],
    ['a column made of SQL', { filters: [equal("title\" = '' OR true --", '1')] }, 'names no column of docs'],
    ['a path into text', { filters: [equal('title.x', '1')] }, 'title.x is a path into title, which is text'],
    [
      'a list that is compared',
      { filters: [compare('tags', '>', 'a')] },
      'filter tags> compares, and tags is a list, text[]',
    ],
    [
      'a value of another type',
      { filters: [equal('pages', 'many')] },
      'invalid input syntax for type integer: "many"',
    ],
    ['an unknown column to show', { columns: ['title"; --'] }, 'column title"; -- does not exist in docs'],
    [
      'a key of another type',
      { query: { id: "1' OR true" } },
      'invalid input syntax for type bigint: "1\' OR true"',
    ],
    ['a key that is not there', { query: { id: '99' } }, 'row 99 does not exist in docs'],
    ['a row without a vector', { query: { id: '4' } }, 'row 4 has no vector in embedding'],
    ['a condition that is none', { where: 'pages >' }, 'syntax error at or near ")"'],
    [
      'a condition with an open quote',
      { where: "title = 'a" },
      'unterminated quoted string at or near "\'a …',
    ],
    ['a condition on no column', { where: 'colour = 1' }, 'column "colour" does not exist'],
    ['two statements', { where: 'true); DROP TABLE docs; --' }, 'syntax error'],
    ['no such table', { table: 'docs; DROP TABLE docs' }, 'table docs; DROP TABLE docs does not exist'],
    ['a quoted table', { table: '"docs"" WHERE true --"' }, 'does not exist'],
    ['a vector column made of SQL', { vectorColumn: 'embedding" IS NULL --' }, 'does not exist in docs'],
    [
      'a vector column of text',
      { vectorColumn: 'title' },
      'column title of docs is no vector column but text',
    ],
    ['a vector made of SQL', { query: { vector: "[1,0]'; DROP TABLE docs" } }, 'query vector is no vector'],
  ])('%s is wrong usage', async (_, options, message) => {
    const error = await failure(database, options);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
    expect(await idsOf(database, {})).toEqual([1, 2, 3, 5]);
  });

  test('--where cannot write', async () => {
    await database.query(`CREATE FUNCTION bump() RETURNS boolean LANGUAGE plpgsql AS
      'BEGIN DELETE FROM docs; RETURN true; END'`);
    expect(await failure(database, { where: 'bump()' })).toMatchObject({ sqlstate: '25006' });
    expect(await idsOf(database, {})).toHaveLength(4);
  });

  describe('which table', () => {
    test('the only one with vectors, two of them, and a schema', async () => {
      expect(await idsOf(database, { table: undefined })).toHaveLength(4);
      await database.query('CREATE SCHEMA archive');
      await database.query('CREATE TABLE archive.docs (LIKE docs)');
      expect(await failure(database, { table: undefined })).toMatchObject({
        message: 'several tables have a vector column: archive.docs, docs',
        hint: 'choose one with -t, for example -t archive.docs',
      });
      expect(await idsOf(database, { table: 'archive.docs' })).toEqual([]);
      expect(await failure(database, { table: 'other.docs' })).toMatchObject({
        hint: 'there are archive.docs, docs',
      });
      await database.query('DROP SCHEMA archive CASCADE');
    });

    test('a table without a vector column, and without a table at all', async () => {
      await database.query('CREATE TABLE plain (id int)');
      expect(await failure(database, { table: 'plain' })).toMatchObject({
        message: 'table plain has no vector column',
      });
    });

    test('messages name the schema that the search path lacks, and hints are for a shell', async () => {
      await database.query('CREATE SCHEMA geheim');
      await database.query('CREATE TABLE geheim."T x" (id int, a vector(2), b halfvec(2))');
      const names = await failure(database, { table: undefined });
      const columns = await failure(database, { table: 'geheim.T x' });
      await database.query('DROP SCHEMA geheim CASCADE');
      expect(names).toMatchObject({
        message: 'several tables have a vector column: geheim.T x, docs',
        hint: "choose one with -t, for example -t 'geheim.T x'",
      });
      expect(columns).toMatchObject({
        message: expect.stringMatching(/^table geheim\.T x has 2 vector columns: /),
      });
    });

    test('two vector columns: the one called embedding, else none', async () => {
      await database.query('CREATE TABLE two (id int, a vector(2), b halfvec(2), flags bit(8))');
      expect(await failure(database, { table: 'two' })).toMatchObject({
        message: 'table two has 2 vector columns: a vector(2), b halfvec(2)',
        hint: 'choose one with --vector-column, for example --vector-column a',
      });
      expect(await idsOf(database, { table: 'two', vectorColumn: 'b' })).toEqual([]);
      await database.query('ALTER TABLE two RENAME b TO embedding');
      expect(await idsOf(database, { table: 'two' })).toEqual([]);
      await database.query('DROP TABLE two');
    });

    test('a column `id` that is no key: rows without one stay, several are told, and it may have no order', async () => {
      await database.query('CREATE TABLE loose (id int, content text, embedding vector(2))');
      await database.query(
        `INSERT INTO loose VALUES (1, 'a', '[1,0]'), (2, 'a', '[1,1]'), (NULL, 'a', '[0,1]')`,
      );
      const query = { id: '1' };
      const found = async () => {
        const reports = collectReports();
        const { hits } = await search(database, { table: 'loose', query, k: 9 }, reports);
        return { ids: hits.map(({ id }) => id), notes: reports.notes };
      };
      expect(await found()).toEqual({ ids: [2, null], notes: [] });
      await database.query(`INSERT INTO loose VALUES (1, 'a', '[5,5]')`);
      expect(await found()).toEqual({
        ids: [2, null],
        notes: ["several rows of loose have id 1: one's vector is taken, and all are left out"],
      });
      for (const type of ['json', 'point']) {
        const value = type === 'json' ? "'{}'" : 'point(1, 2)';
        await database.query(`ALTER TABLE loose ALTER id TYPE ${type} USING ${value}`);
        expect(await idsOf(database, { table: 'loose', query: { vector: '[1,0]' } })).toHaveLength(4);
        const text = await searchText(
          database,
          { table: 'loose', text: 'a', language: 'simple', k: 9 },
          silentReporter,
        );
        expect(text.hits).toHaveLength(4);
      }
      await database.query('DROP TABLE loose');
    });

    test('a key of two columns, a view without one, a domain, and columns called like a hit’s own fields', async () => {
      await database.query('CREATE DOMAIN spot AS vector(2) NOT NULL');
      await database.query(
        `CREATE TABLE keyed (a text, b int, score text, distance text, at spot, PRIMARY KEY (a, b))`,
      );
      await database.query(`INSERT INTO keyed VALUES ('x', 1, 's', 'd', '[1,0]'), ('x', 2, 's', 'd', '[0.5,0.5]'),
        ('y', 1, 's', 'd', '[0,1]')`);
      expect(await idsOf(database, { table: 'keyed' })).toEqual([
        ['x', 1],
        ['x', 2],
        ['y', 1],
      ]);
      expect(await idsOf(database, { table: 'keyed', query: { id: '["x",2]' } })).toHaveLength(2);
      expect(await failure(database, { table: 'keyed', query: { id: 'x' } })).toBeInstanceOf(UsageError);
      const rounded = { table: 'keyed', query: { id: '["x",9007199254740993]' } };
      expect(await failure(database, rounded)).toMatchObject({ code: 'bad-key' });
      await database.query('CREATE VIEW seen AS SELECT at FROM keyed');
      expect(await idsOf(database, { table: 'seen' })).toEqual([null, null, null]);
      expect(await failure(database, { table: 'seen', query: { id: '1' } })).toMatchObject({
        code: 'no-key',
      });
      await database.query('DROP TABLE keyed CASCADE');
    });
  });
});
