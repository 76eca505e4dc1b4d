import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

describe.skipIf(noServer)('pgv index tune', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, embedding vector(4))');
    await database.query(
      `INSERT INTO docs SELECT i, ARRAY[sin(i), cos(i * 1.7), sin(i * 2.3), cos(i * 0.3)]::vector FROM generate_series(1, 300) i`,
    );
    await database.query('CREATE INDEX docs_hnsw ON docs USING hnsw (embedding vector_cosine_ops)');
  });

  test('draws the plot on a terminal and writes the page', async () => {
    const cwd = await temporaryDirectory();
    const args = ['index', 'tune', '-d', fixture.url, '--sample', '20', '--report', 'tune.html'];
    const { code, out, err } = await runInMemory(args, { cwd, terminal: 90, env: { LANG: 'C.UTF-8' } });
    expect(err).not.toContain('error');
    expect(code).toBe(0);
    expect(out).toMatch(/\n\nrecall@10\n/);
    expect(out).toMatch(/┤.*\n.*│/);
    expect(out).toContain('target 0.95');
    const page = await readFile(path.join(cwd, 'tune.html'), 'utf8');
    expect(page).toContain('<title>docs_hnsw: recall and latency</title>');
    expect(page).toMatch(/PostgreSQL \d+\.\d+, pgvector 0\./);
  });

  test('a report that cannot be written is refused before anything is measured', async () => {
    const args = ['index', 'tune', '-d', fixture.url, '--report', 'none/tune.html'];
    const { code, err } = await runInMemory(args, { cwd: await temporaryDirectory() });
    expect(code).toBe(2);
    expect(err).toContain('directory none does not exist');
  });
});
