import { expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { temporaryFile } from '../support/temporary.ts';
import { pgvOn } from './memory-io.ts';

const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i},x,"[1,${from + i}]"\n`).join('');

eachDatabase((fixture) => {
  const run = pgvOn(fixture.kind);

  test('--dry-run tells what would happen and leaves the database as it is; then it happens', async () => {
    const { url } = await emptyDatabase(fixture.kind);
    const file = await temporaryFile('notes.csv', `id,t,v\n${rows(1, 20)}`);
    const told = await run(['ingest', file, '-d', url, '--dry-run', '--index', 'hnsw']);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain('CREATE TABLE "public"."notes" (');
    expect(told.stdout).toContain('  v  → v vector(2)\n');
    const json = await run(['ingest', file, '-d', url, '--dry-run', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      table: 'notes',
      through: 'pieces',
      files: [{ status: 'new', format: 'csv' }],
    });
    const loaded = await run(['ingest', file, '-d', url, '--index', 'hnsw', '--vacuum', 'always']);
    expect(loaded.stderr).toContain('created index notes_v_hnsw_cosine');
    expect((await run(['ingest', file, '-d', url, '--dry-run'])).stdout).toContain('is loaded already');
    const missing = await temporaryFile('notes.csv', `id,t,v\n${rows(5, 6)}`);
    const synced = await run([
      'ingest',
      missing,
      '-d',
      url,
      '--on-conflict',
      'update',
      '--delete-missing',
      '--json',
    ]);
    expect(JSON.parse(synced.stdout)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2, deleted: 18 });
  });

  test('indexes that a killed load has dropped: searching says so, pgv index restore builds them', async () => {
    const { url } = await emptyDatabase(fixture.kind);
    const file = await temporaryFile('docs.csv', `id,t,v\n${rows(1, 10)}`);
    await run(['ingest', file, '-d', url, '--index', 'hnsw']);
    const more = await temporaryFile('docs.csv', `id,t,v\n${rows(11, 200_000)}`);
    const killed = await pgv(['ingest', more, '-d', url, '--defer-indexes', '--jobs', '1'], {
      signalAfter: { output: /dropped docs_v_hnsw_cosine/, signal: 'SIGKILL' },
    });
    expect(killed.signal).toBe('SIGKILL');
    const search = ['search', '[1,1]', '-t', 'docs', '-d', url];
    const warned = await run(search);
    expect(warned.stderr).toMatch(
      /index docs_v_hnsw_cosine of docs is missing since .*`pgv index restore docs`/,
    );
    const restored = await run(['index', 'restore', '--json', '-d', url]);
    expect(JSON.parse(restored.stdout)).toMatchObject({
      indexes: [{ table: 'docs', index: 'docs_v_hnsw_cosine', status: 'built' }],
    });
    expect((await run(search)).stderr).not.toContain('missing');
    expect((await run(['index', 'restore', 'docs', '-d', url])).stderr).toContain('no index is missing');
  });
});
