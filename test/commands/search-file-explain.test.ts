import { beforeAll, describe, expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';

/** The same on both, and a server answers faster. */
describe.skipIf(noServer)('--explain of a batch', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE docs AS
      SELECT i AS id, ARRAY[sin(i)::float4, sin(i * 1.7)::float4, sin(i * 2.3)::float4]::vector(3) AS embedding
      FROM generate_series(1, 2000) AS i`);
    await database.query('CREATE INDEX docs_hnsw ON docs USING hnsw (embedding vector_l2_ops)');
    await database.query('ANALYZE docs');
  });

  const search = async (queries: readonly string[], ...flags: string[]) => {
    const lines = queries.map((vector) => `{"embedding":${vector}}\n`).join('');
    const file = await temporaryFile('queries.jsonl', lines);
    // What the planner would choose for so small a table is not the question here.
    const env = { PGV_URL: fixture.url, PGOPTIONS: '-c enable_seqscan=off' };
    return pgv(['search', '-t', 'docs', '--file', file, '--metric', 'l2', '--explain', ...flags], { env });
  };
  const three = ['[0.1,0.2,0.3]', '[0.3,0.2,0.1]', '[-1,0,1]'];

  test('tells how many queries came by which road, and the first one’s plan', async () => {
    const { stdout, stderr, code } = await search(three, '--json', '-k', '5');
    expect(code, stderr).toBe(0);
    const { explanation, queries } = JSON.parse(stdout);
    expect(queries).toHaveLength(3);
    expect(explanation).toMatchObject({ planned: 3, wider: 0, exact: 0 });
    expect(explanation.milliseconds).toBeGreaterThan(0);
    expect(explanation.first).toMatchObject({ road: 'iterative', index: 'docs_hnsw', cutShort: null });
  });

  test('tells of those that an index gave too few rows', async () => {
    const { stderr, code } = await search(
      three,
      '-k',
      '20',
      '--iterative-scan',
      'off',
      '--where',
      'id % 100 = 7',
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^0 queries as planned, 3 queries with every row compared, no index, in \d+ ms$/m);
    expect(stderr).toContain('of the first:\nroad: every row compared, no index');
  });
});
