import { beforeAll, describe, expect, test } from 'vitest';
import { noTerminal, pgv, pgvOnTerminal } from '../support/cli.ts';
import { eachDatabase, emptyDatabase, type Fixture } from '../support/databases.ts';
import { loadPackages } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { pgvOn } from './memory-io.ts';

eachDatabase((fixture) => {
  const run = pgvOn(fixture.kind);
  const env = () => ({ PGV_URL: fixture.url });

  beforeAll(async () => {
    const database = await fixture.open();
    await loadPackages(database);
    await database.close();
  });

  test('index create --type hnsw works as it stands, and again', async () => {
    const { code, stdout, stderr } = await run(['index', 'create', '--type', 'hnsw'], { env: env() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(
      /^database: .*\ncreated index packages_embedding_hnsw_cosine \([\d.]+ kB\) in [\d.]+ s\n$/s,
    );
    const again = await run(['index', 'create', '--json'], { env: env() });
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({
      table: 'packages',
      index: 'packages_embedding_hnsw_cosine',
      type: 'hnsw',
      metric: 'cosine',
      created: false,
    });
    expect(again.stderr).toContain('is there already');
  });

  test('--sql prints statements and names no target', async () => {
    const args = ['index', 'create', '--metric', 'inner_product', '--where', "section = 'web'", '--sql'];
    const { code, stdout, stderr } = await run(args, { env: env() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^CREATE INDEX (CONCURRENTLY )?"packages_embedding_hnsw_ip_partial"\n/);
    expect(stdout).toMatch(/WHERE \(\nsection = 'web'\n\);\n$/);
  });

  test('vacuum without a table, for people and for scripts', async () => {
    const { code, stdout, stderr } = await run(['vacuum'], { env: env() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/\nvacuumed packages in [\d.]+ s: .*[kM]B → .*[kM]B( \(.*\))?\n$/);
    const json = await run(['vacuum', 'packages', '--json', '-q'], { env: env() });
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({
      database: expect.any(String),
      tables: [{ table: 'packages', status: 'vacuumed', after: { rows: 1000, deadRows: 0 } }],
    });
    expect(await run(['vacuum', 'nope'], { env: env() })).toMatchObject({ code: 2, stdout: '' });
  });
});

describe.skipIf(noServer)('a build that takes a while', () => {
  let fixture: Fixture;
  const env = () => ({ PGV_URL: fixture.url });
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(64))');
    await database.query(`INSERT INTO docs SELECT i, ARRAY(SELECT random() + i * 0 FROM generate_series(1, 64))::vector
      FROM generate_series(1, 20000) i`);
    await database.close();
  });

  const indexes = async () => {
    const database = await fixture.open();
    const { rows } =
      await database.query(`SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index
      WHERE indrelid = 'docs'::regclass`);
    await database.close();
    return rows;
  };

  test('Ctrl-C ends it with 130 and leaves no index behind', async () => {
    const { code, stdout, stderr } = await pgv(['index', 'create', '--progress', 'json'], {
      env: env(),
      signalAfter: { output: /loading tuples/ },
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.some(({ phase, total }) => phase === 'building index: loading tuples' && total > 0)).toBe(
      true,
    );
    expect(await indexes()).toEqual([]);
  });

  test.skipIf(noTerminal !== null)(
    'on a terminal a bar shows how far it is, and is gone at the end',
    async () => {
      const { code, stdout } = await pgvOnTerminal(['index', 'create'], {
        env: env(),
        signalAfter: { output: /\d %/ },
      });
      expect(code).toBe(130);
      expect(stdout).toMatch(/loading tuples.*━.*%/);
      expect(stdout).toMatch(/\[\?25h.*pgv: .*interrupted\S*\s*$/s);
      expect(await indexes()).toEqual([]);
    },
  );
});
