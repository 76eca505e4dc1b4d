import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { UsageError } from '../../src/errors.ts';
import { searchText, type TextOptions } from '../../src/operations/search/text.ts';
import { silentReporter } from '../../src/progress.ts';
import { eachDatabase } from '../support/databases.ts';
import { loadPackages, packageQueries } from '../support/packages.ts';

eachDatabase((fixture) => {
  let database: Database;
  let vector: string;
  beforeAll(async () => {
    database = await fixture.open();
    await loadPackages(database);
    vector = JSON.stringify((await packageQueries())[0]!.vector);
    await database.query(`CREATE TABLE notes (id int PRIMARY KEY, title text, content text, embedding vector(2),
      tenant_id int)`);
    await database.query(`INSERT INTO notes VALUES (1, 'chess', 'two houses', '[1,0]', 1), (2, 'x', 'chess clocks', NULL, 1),
      (3, 'y', 'chess and chess openings', '[0,1]', 2)`);
  });

  async function found(options: Partial<TextOptions> & { text: string }) {
    const { hits } = await searchText(database, { k: 10, exact: true, ...options }, silentReporter);
    return hits;
  }
  const idsOf = async (options: Partial<TextOptions> & { text: string }) =>
    (await found({ table: 'notes', language: 'english', ...options })).map(({ id }) => id);

  const words = 'library or python';
  /** Both rankings of all packages, written apart from the program's own statements. */
  const rankings =
    () => `WITH q AS (SELECT websearch_to_tsquery('english', '${words}') AS q, '${vector}'::vector AS v),
    both_scores AS (
      SELECT id, embedding <=> v AS distance, doc @@ q AS matches, ts_rank(doc, q, 32)::float8 AS rank
      FROM q, packages, to_tsvector('english', package || ' ' || section || ' ' || description) AS doc
    ), places AS (
      SELECT *, row_number() OVER (ORDER BY distance, id) AS v,
        CASE WHEN matches THEN row_number() OVER (ORDER BY matches DESC, rank DESC, id) END AS t
      FROM both_scores
    ), candidates AS (SELECT * FROM places WHERE v <= 200 OR t <= 200)`;

  test('words alone: what matches, the best first, with ts_rank as the score', async () => {
    const { rows } = await database.query(
      `${rankings()} SELECT id, NULL AS distance, rank AS score FROM places WHERE matches ORDER BY t LIMIT 10`,
    );
    expect(rows).toHaveLength(10);
    const hits = await found({ table: 'packages', text: words, language: 'english' });
    expect(hits.map(({ id, distance, score }) => ({ id, distance, score }))).toEqual(rows);
  });

  test.each([60, 1])('hybrid: Σ 1 / (%i + rank)', async (rrfK) => {
    const { rows } = await database.query<{ id: number; distance: number; score: number }>(`${rankings()}
      SELECT id, distance, (CASE WHEN v <= 200 THEN 1.0 / (${rrfK} + v) ELSE 0 END
        + CASE WHEN t <= 200 THEN 1.0 / (${rrfK} + t) ELSE 0 END)::float8 AS score
      FROM candidates ORDER BY score DESC, distance LIMIT 20`);
    await expectHits({ rrfK }, rows);
  });

  test.each([
    [0.7, 0.3],
    [0, 1],
  ] as const)('hybrid: the scores, weighted %d and %d', async (byVector, byText) => {
    const { rows } = await database.query<{ id: number; distance: number; score: number }>(`${rankings()}
      SELECT id, distance, ${byVector} * (1 - distance) + ${byText} * CASE WHEN matches THEN rank ELSE 0 END AS score
      FROM candidates ORDER BY score DESC, distance LIMIT 20`);
    await expectHits({ weights: [byVector, byText] }, rows);
  });

  async function expectHits(
    fusion: NonNullable<TextOptions['hybrid']>['fusion'],
    rows: readonly { id: number; distance: number; score: number }[],
  ): Promise<void> {
    const hybrid = { query: { vector }, fusion };
    const hits = await found({ table: 'packages', text: words, language: 'english', k: 20, hybrid });
    expect(hits.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    for (const [i, { score, distance }] of hits.entries()) {
      expect(score).toBeCloseTo(rows[i]!.score, 12);
      expect(distance).toBe(rows[i]!.distance);
    }
  }

  test('hybrid: a row without a vector is no answer, a row itself not among its neighbours', async () => {
    const fusion = { rrfK: 60 };
    const near = { query: { vector: '[1,0]' }, fusion };
    expect(await idsOf({ text: 'clock' })).toEqual([2]);
    expect(await idsOf({ text: 'clock', hybrid: near })).toEqual([1, 3]);
    expect(await idsOf({ text: 'chess', hybrid: { query: { id: '3' }, fusion } })).toEqual([1]);
    const byText = { query: near.query, fusion: { weights: [0.1, 2] as const } };
    expect(await idsOf({ text: 'openings', hybrid: byText, k: 1 })).toEqual([3]);
    const bounded = { text: 'openings', hybrid: byText, maxDistance: 0.5, k: 1 };
    expect(await idsOf(bounded)).toEqual([1]);
  });

  test('content is the text where there is one; a tsvector column, before it', async () => {
    expect(await idsOf({ text: 'chess' })).toEqual([3, 2]);
    expect(await idsOf({ text: 'chess -clock' })).toEqual([3]);
    expect(await idsOf({ text: '"chess openings"' })).toEqual([3]);
    expect(await idsOf({ text: 'chess', tenant: '1' })).toEqual([2]);
    await database.query(
      `ALTER TABLE notes ADD "the ts" tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED`,
    );
    expect(await idsOf({ text: 'chess' })).toEqual([1]);
    await database.query('ALTER TABLE notes DROP "the ts"');
  });

  test.each(['english', undefined])(
    '--explain tells the index that holds words (language: %s)',
    async (language) => {
      await database.query(
        `ALTER TABLE notes ADD ts tsvector GENERATED ALWAYS AS (to_tsvector('english', content)) STORED`,
      );
      await database.query('CREATE INDEX by_words ON notes USING gin (ts)');
      await database.query('CREATE INDEX by_tenant ON notes (tenant_id)');
      const explained = async (options: Partial<TextOptions>) => {
        const asked = { table: 'notes', text: 'chess', language, k: 10, explain: true, ...options };
        const { hits, explanation } = await searchText(database, asked, silentReporter);
        return { ids: hits.map(({ id }) => id), explanation };
      };
      await database.query('SET enable_seqscan = off');
      expect(await explained({})).toMatchObject({
        ids: [3, 2],
        explanation: { road: 'index', index: 'by_words', cutShort: null, reranked: null, rowsScanned: 2 },
      });
      await database.query('DROP INDEX by_words');
      // An index that a filter uses holds no words.
      expect(await explained({ tenant: '2' })).toMatchObject({
        ids: [3],
        explanation: { road: 'exact', index: null, rowsScanned: 1 },
      });
      expect(
        await searchText(database, { text: 'chess', table: 'notes', k: 1 }, silentReporter),
      ).not.toHaveProperty('explanation');
      await database.query('RESET enable_seqscan');
      await database.query('DROP INDEX by_tenant');
      await database.query('ALTER TABLE notes DROP ts');
    },
  );

  test('the language decides what a word is', async () => {
    expect(await idsOf({ text: 'house' })).toEqual([1]);
    expect(await idsOf({ text: 'house', language: 'simple' })).toEqual([]);
  });

  test('what is wrong is wrong usage, and words are never SQL', async () => {
    const failure = (options: Partial<TextOptions>) =>
      idsOf({ text: 'x', ...options }).catch((error: unknown) => error);
    expect(await failure({ language: "english'); DROP TABLE notes; --" })).toBeInstanceOf(UsageError);
    expect(await failure({ language: 'klingon' })).toMatchObject({
      message: expect.stringContaining('text search configuration "klingon" does not exist'),
    });
    for (const text of ["'; DROP TABLE notes; --", '"', "''' OR true", ':* & | !', '']) {
      expect(await failure({ text })).toEqual([]);
    }
    await database.query('CREATE TABLE mute (id int, embedding vector(2))');
    expect(await failure({ table: 'mute' })).toMatchObject({ code: 'no-text' });
    const hybrid = { query: { vector: '[1,0]' }, fusion: { rrfK: 60 } };
    await database.query('CREATE VIEW seen AS SELECT content, embedding FROM notes');
    expect(await failure({ table: 'seen', hybrid })).toMatchObject({ code: 'no-key' });
    await database.query('DROP VIEW seen');
    expect(await idsOf({ text: 'chess' })).toHaveLength(2);
  });
});
