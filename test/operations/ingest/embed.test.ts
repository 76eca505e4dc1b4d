import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { endpointOf } from '../../../src/embed/endpoint.ts';
import { jsonl } from '../../../src/formats/read/json/json.ts';
import { type Embedding, embeddingOf } from '../../../src/operations/ingest/embed/embedding.ts';
import { shapeOf } from '../../../src/operations/ingest/shape-of.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { silentReporter } from '../../../src/progress.ts';
import { eachDatabase } from '../../support/databases.ts';
import {
  answerJson,
  type EmbeddingServer,
  embeddingServer,
  embeddingOf as vectorOf,
} from '../../support/embedding-server.ts';
import { type Load, load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

const embedding = (
  { url }: EmbeddingServer,
  columns: Embedding['columns'] = [['content', 'embedding']],
): Embedding => embeddingOf(columns, endpointOf({ url }, {}), silentReporter, new AbortController().signal);

const text = (i: number) => `document ${i}, about ${'things '.repeat(i % 40)}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Records of id, content and whatever else there is. */
function file(count: number, other: (i: number) => string = () => '', names = ''): string {
  return `id,content${names}\n${numbers(count)
    .map((i) => `${i},"${text(i)}"${other(i)}\n`)
    .join('')}`;
}

const printed = (words: string, dimensions = 3) => JSON.stringify(vectorOf(words, dimensions));
const stored = (ids: readonly number[], dimensions = 3) =>
  ids.map((id) => ({ id, vector: printed(text(id), dimensions) }));

test('a load is known by what is embedded, and by which model, or by its address where it has one alone', () => {
  const shape = (url: string, model?: string) => {
    const endpoint = endpointOf({ url, model }, { PGV_EMBED_KEY: 'secret' });
    const columns: Embedding['columns'] = [['content', 'embedding']];
    return shapeOf({ embed: embeddingOf(columns, endpoint, silentReporter, new AbortController().signal) });
  };
  const embed = [['content', 'embedding']];
  expect(shape('http://a/v1', 'small')).toEqual({ embed, embedModel: 'small' });
  expect(shape('http://b/v1', 'small')).toEqual(shape('http://a/v1', 'small'));
  expect(shape('http://me:secret@a/v1?sig=secret')).toEqual({ embed, embedModel: 'http://a/v1/embeddings' });
});

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION IF NOT EXISTS vector');
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS t');
  });

  /** Into `t`, over two lanes, in pieces of some hundred rows. */
  const ingest = (content: string, options: Partial<Load>) =>
    load(database, content, { table: 't', pieceLength: 20_000, ...options });

  async function vectors(): Promise<unknown[]> {
    const { rows } = await database.query(`SELECT id::int, embedding::text AS vector FROM t ORDER BY id`);
    return rows;
  }

  test('texts become vectors in a new table, but for those that are blank', async () => {
    const server = await embeddingServer({ dimensions: 5 });
    const reporter = collectReports();
    const summary = await ingest(`${file(500)}500,\n501,"  "\n`, { embed: embedding(server), reporter });
    expect(summary).toMatchObject({ rows: 502, rejected: 0 });
    expect(await vectors()).toEqual([
      ...stored(numbers(500), 5),
      { id: 500, vector: null },
      { id: 501, vector: null },
    ]);
    const described = await describeTable(database, 't');
    expect(described!.columns.map(({ name, declared }) => `${name} ${declared}`)).toEqual([
      'id bigint',
      'content text',
      'embedding vector(5)',
    ]);
    expect(reporter.notes).toContain('2 texts are NULL or blank, and so is the vector: NULL');
    // One more, to see what the model makes.
    expect(server.texts).toHaveLength(501);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test('several columns, a path into JSON, a field that is not taken; cut, normalised, in half precision', async () => {
    const server = await embeddingServer({ dimensions: 8 });
    await database.query(
      `CREATE TABLE t (id int PRIMARY KEY, title halfvec(2), embedding vector(8), b bit(8))`,
    );
    const records = numbers(300).map((id) => ({ id, body: text(id), meta: { title: `title "${id}"` } }));
    await ingest(records.map((record) => `${JSON.stringify(record)}\n`).join(''), {
      format: jsonl,
      columns: ['id'],
      embed: embedding(server, [
        ['meta.title', 'title'],
        ['body', 'embedding'],
        ['body', 'b'],
      ]),
      vectorColumn: 'title',
      dimensions: 2,
    });
    expect(await vectors()).toEqual(stored(numbers(300), 8));
    const { rows } = await database.query<{ title: string; b: string }>('SELECT title, b FROM t ORDER BY id');
    for (const [id, { title, b }] of rows.entries()) {
      const [x = 0, y = 0] = vectorOf(`title "${id}"`, 2);
      const norm = Math.hypot(x, y) || 1;
      const [a, c] = JSON.parse(title) as number[];
      expect([a, c]).toEqual([expect.closeTo(x / norm, 3), expect.closeTo(y / norm, 3)]);
      expect(b).toBe(
        vectorOf(text(id), 8)
          .map((value) => Number(value > 0))
          .join(''),
      );
    }
  });

  test('a value that only PostgreSQL reads, and a column of an unknown type: asked once all the same', async () => {
    const server = await embeddingServer();
    await database.query('CREATE TABLE t (id int PRIMARY KEY, content text, at date, embedding vector(3))');
    const odd = (i: number) => (i === 250 ? ',yesterday' : ',2024-02-29');
    await ingest(file(500, odd, ',at'), { embed: embedding(server) });
    expect(await vectors()).toEqual(stored(numbers(500)));
    expect(server.texts).toHaveLength(501);
    await database.query('ALTER TABLE t ALTER at TYPE point USING NULL');
    await database.query('TRUNCATE t');
    await ingest(
      file(500, () => ',"(1,2)"', ',at'),
      { embed: embedding(server), ifLoaded: 'again' },
    );
    expect(await vectors()).toEqual(stored(numbers(500)));
    expect(server.texts).toHaveLength(1002);
  });

  test('rows that are wrong cost themselves: fields, a value, a refused text, a constraint; nothing is asked twice', async () => {
    const server = await embeddingServer({
      answer: ({ input }, response) =>
        input.includes(text(77)) && answerJson(response, 400, { error: { message: 'too long' } }),
    });
    await database.query(
      'CREATE TABLE t (id int PRIMARY KEY, content text, n int CHECK (n <> 7), embedding vector(3) NOT NULL)',
    );
    const odd = (i: number) => (i % 100 === 50 ? ',x' : i % 100 === 60 ? ',7' : i === 40 ? ',1,2' : ',1');
    const summary = await ingest(`${file(400, odd, ',n')}400,,1\n`, {
      embed: embedding(server),
      onError: 'skip',
    });
    const wrong = [40, 50, 60, 77, 150, 160, 250, 260, 350, 360];
    expect(summary).toMatchObject({ rows: 400 - wrong.length, rejected: wrong.length + 1 });
    expect(await vectors()).toEqual(stored(numbers(400).filter((i) => !wrong.includes(i))));
    expect(new Set(server.texts).size).toBe(server.texts.length);
  });

  test('into a staging table and by key, rows keep their vectors', async () => {
    const server = await embeddingServer();
    await ingest(file(300), { embed: embedding(server), atomic: true });
    expect(await vectors()).toEqual(stored(numbers(300)));
    await database.query(`UPDATE t SET embedding = '[1,1,1]' WHERE id < 100`);
    const again = await ingest(file(400), {
      embed: embedding(server),
      onConflict: 'update',
      ifLoaded: 'again',
    });
    expect(again).toMatchObject({ updated: 100, unchanged: 200, inserted: 100 });
    expect(await vectors()).toEqual(stored(numbers(400)));
  });

  test('an endpoint that stays away ends the load, and the next one goes on from there', async () => {
    const server = await embeddingServer({
      answer: (_, response) => server.texts.length > 300 && answerJson(response, 503, { error: 'loading' }),
    });
    const options = { embed: embedding(server), loadId: 'x', patience: 300 };
    await expect(ingest(file(600), options)).rejects.toThrow(
      expect.objectContaining({
        name: 'DatabaseError',
        message: expect.stringMatching(/embeddings: the endpoint answers 503 Service Unavailable: loading$/),
        hint: expect.stringMatching(/\d+ rows are stored in t already; the same command goes on from there/),
      }),
    );
    const before = (await vectors()).length;
    server.behave({ answer: () => false });
    server.texts.length = 0;
    expect(await ingest(file(600), options)).toMatchObject({ status: 'resumed', rows: 600 - before });
    expect(await vectors()).toEqual(stored(numbers(600)));
    expect(server.texts).toHaveLength(600 - before);
  });

  test('what ends a load has its row; what cannot be is said before anything is made', async () => {
    const refuses = await embeddingServer({
      answer: ({ input }, response) =>
        input.includes(text(77)) && answerJson(response, 422, { detail: 'too long' }),
    });
    await expect(ingest(file(300), { embed: embedding(refuses) })).rejects.toThrow(
      expect.objectContaining({
        message: 'the endpoint does not embed the text: it answers 422 Unprocessable Entity: too long',
        file: 'test.csv',
        row: 78,
        column: 'embedding',
        name: 'DataError',
      }),
    );
    const changes = await embeddingServer();
    const probed = embedding(changes);
    await probed.dimensions();
    changes.behave({ dimensions: 4 });
    await expect(ingest(file(300), { embed: probed })).rejects.toThrow(
      /gives vectors of 4 dimensions, and gave 3 before/,
    );
    const locked = await embeddingServer({ answer: (_, response) => answerJson(response, 401, {}) });
    await expect(ingest(file(300), { table: 'u', embed: embedding(locked) })).rejects.toThrow(
      /does not let pgv in/,
    );
    expect(await describeTable(database, 'u')).toBeUndefined();
  });

  test.each<[string, string, Partial<Load>, [string, string], RegExp]>([
    [
      'other dimensions',
      'embedding vector(2)',
      {},
      ['content', 'embedding'],
      /makes vectors of 3 dimensions, and column embedding is vector\(2\)/,
    ],
    [
      '--dimensions beyond them',
      'embedding vector',
      { dimensions: 4 },
      ['content', 'embedding'],
      /makes vectors of 3 dimensions/,
    ],
    [
      'no such field',
      'embedding vector(3)',
      {},
      ['text', 'embedding'],
      /--embed names text, which the file has not/,
    ],
    [
      'no such column',
      'embedding vector(3)',
      {},
      ['content', 'v'],
      /table public\.t has no column v|table t has no column v/,
    ],
    [
      'a column of text',
      'embedding text',
      {},
      ['content', 'embedding'],
      /makes vectors, and column embedding is text/,
    ],
    [
      'a column that is filled',
      'embedding vector(3)',
      {},
      ['content', 'content'],
      /two fields of test\.csv go into column content/,
    ],
  ])('%s is refused', async (_, column, options, mapping, message) => {
    const server = await embeddingServer();
    await database.query(`CREATE TABLE t (id int PRIMARY KEY, content text, ${column})`);
    await expect(ingest(file(3), { ...options, embed: embedding(server, [mapping]) })).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(message) }),
    );
    expect(server.texts.length).toBeLessThan(2);
  });
});
