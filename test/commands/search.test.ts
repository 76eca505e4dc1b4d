import { readdirSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvInMemory, pgvOn, runInMemory } from './memory-io.ts';

eachDatabase((fixture) => {
  const run = pgvOn(fixture.kind);
  const env = () => ({ PGV_URL: fixture.url });

  beforeAll(async () => {
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE docs (id bigint PRIMARY KEY, title text, score int, meta jsonb, embedding vector(3),
      half halfvec(3))`);
    await database.query(`INSERT INTO docs VALUES
      (1, 'a, b', 5, '{"n": 1}', '[1,0,0]', '[1,0,0]'), (2, NULL, 6, '{"n": 2}', '[0,1,0]', '[0.5,0,-1]'),
      (9007199254740993, 'big', 7, NULL, '[0,0,1]', NULL)`);
    await database.close();
  });

  test('a table for people', async () => {
    const { code, stdout, stderr } = await run(['search', '[1,0.5,0]', '-k', '2'], { env: env() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +distance +score +title +docs\.score +meta$/);
    expect(lines[2]).toMatch(/^ *1 +0\.105573 +0\.894427 +a, b +5 +{"n":1}$/);
    expect(lines[3]).toMatch(/^ *2 .*NULL +6 /);
    expect(lines).toHaveLength(4);
  });

  test('one JSON document, with integers beyond 2⁵³ as strings and colliding names told apart', async () => {
    const { code, stdout } = await run(['search', '--id', '2', '--json', '--metric', 'euclidean'], {
      env: env(),
    });
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ table: 'docs', metric: 'l2', k: 10 });
    expect(document.database).toEqual(expect.any(String));
    expect(document.hits).toHaveLength(2);
    expect(Object.keys(document.hits[0])).toEqual(['id', 'distance', 'score', 'title', 'docs.score', 'meta']);
    const big = document.hits.find((hit: { title: string }) => hit.title === 'big');
    expect(big).toMatchObject({ id: '9007199254740993', 'docs.score': 7, meta: null });
    expect(big.score).toBeCloseTo(1 / (1 + Math.SQRT2), 6);
  });

  test('csv, JSON lines, and the vector from stdin', async () => {
    const csv = await run(['search', '-', '-k', '1', '--format', 'csv', '--columns', 'title,embedding'], {
      env: env(),
      input: '[1,0,0]\n',
    });
    expect(csv).toMatchObject({
      code: 0,
      stdout: 'id,distance,score,title,embedding\n1,0,1,"a, b","[1,0,0]"\n',
    });
    const lines = await run(
      [
        'search',
        '[0,0,1]',
        '-k',
        '1',
        '--format',
        'jsonl',
        '--columns',
        'half,embedding',
        '--vector-column',
        'embedding',
      ],
      { env: env() },
    );
    expect(JSON.parse(lines.stdout)).toEqual({
      id: '9007199254740993',
      distance: 0,
      score: 1,
      half: null,
      embedding: [0, 0, 1],
    });
  });

  test('filters add up, and a distance bounds', async () => {
    const args = ['search', '[1,0,0]', '--json', '--filter', 'meta.n=2', '--filter', 'score=6', '--exact'];
    const { stdout } = await run(args, { env: env() });
    expect(JSON.parse(stdout).hits.map(({ id }: { id: number }) => id)).toEqual([2]);
    const near = await run(['search', '[1,0,0]', '--json', '--max-distance', '0.5'], { env: env() });
    expect(JSON.parse(near.stdout).hits).toHaveLength(1);
  });

  test('--explain tells the road on stderr, and under --json in the document', async () => {
    const args = ['search', '[1,0.5,0]', '--vector-column', 'embedding', '--min-score', '0.5', '--explain'];
    const { stdout, stderr } = await run([...args, '--format', 'csv', '--columns', 'title'], { env: env() });
    expect(stdout).toMatch(/^id,distance,score,title\n1,.*\n$/);
    expect(stderr).toMatch(/^road: every row compared, no index\nrows scanned: 3, in [\d.]+ ms\n/);
    expect(stderr).toContain('Seq Scan on docs: 3 rows');
    const json = await run([...args, '--json'], { env: env() });
    const { explanation } = JSON.parse(json.stdout);
    expect(explanation).toMatchObject({ road: 'exact', index: null, cutShort: null, rowsScanned: 3 });
    expect(explanation.plan).toHaveProperty('Node Type');
    const words = ['search', '--vector-column', 'embedding', '--text', 'big', '--explain'];
    expect((await run(words, { env: env() })).stderr).toMatch(
      /^road: every row compared, no index\nrows scanned: 3, in [\d.]+ ms\nLimit: 1 rows\n/,
    );
    expect(JSON.parse((await run([...words, '--json'], { env: env() })).stdout)).toMatchObject({
      explanation: { road: 'exact', index: null, rowsScanned: 3 },
      hits: [{ title: 'big' }],
    });
  });

  test('words, alone and with a vector', async () => {
    const args = ['search', '--vector-column', 'embedding', '--text', 'big', '--json', '--columns', 'title'];
    const words = JSON.parse((await run(args, { env: env() })).stdout);
    expect(words.hits).toEqual([
      { id: '9007199254740993', distance: null, score: expect.any(Number), title: 'big' },
    ]);
    const hybrid = [...args, '[1,0,0]', '--hybrid', '--weights', '0.5,0.5', '-k', '2'];
    const { hits } = JSON.parse((await run(hybrid, { env: env() })).stdout);
    expect(hits[0]).toEqual({ id: 1, distance: 0, score: 0.5, title: 'a, b' });
    const table = await run(['search', '--vector-column', 'embedding', '--text', 'big'], { env: env() });
    expect(table.stdout).toMatch(/^9007199254740993 +NULL +0\.\d+ +big/m);
  });

  test('wrong usage is 2, told on stderr, and under --json on stdout', async () => {
    const wrong = await run(['search', '[1,2]', '--vector-column', 'embedding'], { env: env() });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(
      /^pgv: column embedding: query vector has 2 dimensions, not 3 \(SQLSTATE 22000\)\nhint: .*vector\(3\)/,
    );
    const json = await run(['search', '[1,2,3]', '--filter', 'nope=1', '--json'], { env: env() });
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: 'no-column', message: expect.stringContaining('nope') },
    });
  });
});

test.skipIf(noServer)('--rerank and --explain tell of candidates', async () => {
  const fixture = await emptyDatabase('server');
  const database = await fixture.open();
  await database.query('CREATE EXTENSION vector');
  await database.query('CREATE TABLE docs (id int PRIMARY KEY, embedding vector(3))');
  await database.query(
    'INSERT INTO docs SELECT i, ARRAY[i, 1, -i]::vector FROM generate_series(1, 2000) AS i',
  );
  const args = ['search', '[1,0,0]', '--rerank', '70', '--explain'];
  const env = { PGV_URL: fixture.url };
  expect((await pgv(args, { env })).stderr).toMatch(
    /^no half-precision or binary index on embedding serves cosine, so there is nothing to rerank\nroad: every row/,
  );
  await database.query(
    'CREATE INDEX signs ON docs USING hnsw ((binary_quantize(embedding)::bit(3)) bit_hamming_ops)',
  );
  await database.query('ANALYZE docs');
  expect((await pgv(args, { env })).stderr).toMatch(
    /^road: scans .* signs\nreranked: 70 candidates by exact distance\nrows scanned: 70,/,
  );
  const { explanation, hits } = JSON.parse((await pgv([...args, '--json'], { env })).stdout);
  expect(explanation).toMatchObject({ index: 'signs', reranked: 70 });
  expect(hits).toHaveLength(10);
});

test.skipIf(noServer)(
  '--hybrid tells how the nearest rows were found, and that an index gave too few',
  async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, content text, embedding vector(3))');
    // In all directions: a graph of vectors that are all but parallel may fall apart, and give fewer than 200.
    await database.query(`INSERT INTO docs SELECT i, 'text ' || i, ARRAY[cos(i), sin(i), sin(i * 7)]::vector
    FROM generate_series(1, 2000) AS i`);
    await database.query('CREATE INDEX docs_hnsw ON docs USING hnsw (embedding vector_cosine_ops)');
    await database.query('ANALYZE docs');
    const args = ['search', '[1,0,0]', '--text', '7', '--hybrid', '--explain'];
    const few = ['--filter', 'id in 1,2000', '--iterative-scan', 'off', '--where', 'embedding IS NOT NULL'];
    const env = { PGV_URL: fixture.url, PGOPTIONS: '-c enable_seqscan=off -c enable_sort=off' };
    const whole = await pgvInMemory([...args, '--json'], { env });
    expect(JSON.parse(whole.stdout)).toMatchObject({
      explanation: { index: 'docs_hnsw', road: 'iterative' },
    });
    expect(whole.stderr).toMatch(/^road: scans of the index until enough rows passed docs_hnsw\n/);
    const { stderr } = await pgvInMemory([...args, ...few], { env });
    expect(stderr).toMatch(
      /^index docs_hnsw gave \d+ of 200 rows, so every row was compared\nroad: every row/,
    );
  },
);

test.each([
  [['search'], /nothing to search for/],
  [['search', '[1]', '--id', '1'], /exclude each other/],
  [['search', '[1]', '-k', 'ten'], /whole number from 1/],
  [['search', '[1]', '-k', '0'], /whole number from 1/],
  [['search', '[1]', '--ef-search', '5000'], /from 1 to 1000/],
  [['search', '[1]', '--metric', 'manhattan'], /one of cosine, l2, ip, l1, hamming, jaccard/],
  [['search', '[1]', '--filter', 'n'], /<key>=<value>/],
  [['search', '[1]', '--max-distance', 'far'], /must be a number/],
  [['search', '[1]', '--hybrid'], /--hybrid needs --text/],
  [['search', '[1]', '--language', 'english'], /--language needs --text/],
  [['search', '[1]', '--text', 'a'], /a vector beside --text needs --hybrid/],
  [['search', '--id', '1', '--text', 'a'], /--id beside --text needs --hybrid/],
  [['search', '--text', 'a', '--rrf-k', '3'], /--rrf-k needs --hybrid/],
  [['search', '--text', 'a', '--max-distance', '3'], /--max-distance beside --text needs --hybrid/],
  [['search', '--text', 'a', '--rerank', '30'], /--rerank beside --text needs --hybrid/],
  [['search', '[1]', '--rerank', '9'], /--rerank 9 is less than the 10 rows asked for\nhint: take 10/],
  [['search', '[1]', '--rerank', '0'], /whole number from 1/],
  [['search', '[1]', '--rerank', '30', '--exact'], /--rerank and --exact exclude each other/],
  [['search', '--text', 'a', '--hybrid'], /nothing to search for/],
  [['search', '--text', 'a', '--file', 'b'], /--text and --file exclude/],
  [['search', '[1]', '--text', 'a', '--hybrid', '--rrf-k', '3', '--weights', '1,1'], /exclude each other/],
  [['search', '[1]', '--text', 'a', '--hybrid', '--weights', '1'], /two numbers/],
  [['search', '[1]', '--text', 'a', '--hybrid', '--weights', '0,0'], /two numbers/],
  [['search', '[1]', '--text', 'a', '--hybrid', '--weights', '1,b'], /must be a number/],
  [['search', '[1]', '--min-score', 'high'], /must be a number/],
  [['search', '[1]', '--iterative-scan', 'on'], /Allowed choices are off, strict_order, relaxed_order/],
])('%j is wrong usage', async (args, message) => {
  const { code, out, err } = await runInMemory(args, { cwd: await temporaryDirectory() });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
});

test('nothing is created where there is no embedded database', async () => {
  const cwd = await temporaryDirectory();
  const { code, stderr } = await pgv(['search', '[1,2,3]'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('no embedded database');
  expect(readdirSync(cwd)).toEqual([]);
});
