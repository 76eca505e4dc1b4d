import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { type BatchOptions, searchBatch } from '../../src/operations/search/batch.ts';
import { overLanes } from '../../src/operations/search/over-lanes.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { collectReports } from '../support/reports.ts';
import { noServer } from '../support/servers.ts';

const query = '{"embedding":[1,2,3]}\n';

describe.skipIf(noServer !== null)('lanes of a batch', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, embedding vector(3))');
    await database.query(`INSERT INTO docs VALUES (1, '[1,2,3]')`);
  });

  async function batch(on: Database, stdin: PassThrough, options: Partial<BatchOptions> = {}) {
    const [input] = await resolveInputs(['-'], { cwd: '/', stdin }, () => {});
    const reports = collectReports();
    const reading = {};
    const asked = { table: 'docs', input: input!, reading, k: 1, jobs: 3, ...options };
    const { queries } = await searchBatch(on, asked, reports, new AbortController().signal);
    return { hits: queries.map(({ hits }) => hits.length), notes: reports.notes };
  }

  function piped(text: string): PassThrough {
    const stdin = new PassThrough();
    stdin.end(text);
    return stdin;
  }

  /** Opened as a role that may have one connection. */
  async function alone(): Promise<Database> {
    await database.query(
      `DO $$ BEGIN CREATE ROLE pgv_alone LOGIN CONNECTION LIMIT 1; EXCEPTION WHEN duplicate_object THEN END $$`,
    );
    await database.query('GRANT SELECT ON docs TO pgv_alone');
    return fixture.open({ user: 'pgv_alone' });
  }

  test('where the server gives no further connection, one does all the work', async () => {
    const one = await alone();
    const note = 'the server had no connection left for every lane, so fewer worked';
    expect(await batch(one, piped(query.repeat(950)))).toEqual({ hits: Array(950).fill(1), notes: [note] });
    // One chunk needs no second lane.
    expect(await batch(one, piped(query))).toEqual({ hits: [1], notes: [] });
  });

  test('a statement that fails is told at once, though the pipe of queries stays open', async () => {
    const stdin = new PassThrough();
    // Two pieces of 8 MB and a bit more: of the first, of 139 queries, comes one chunk, and the next is waited for.
    stdin.write(`{"embedding":[1,2,3],"text":"${'x'.repeat(60_000)}"}\n`.repeat(300));
    await expect(batch(database, stdin, { where: 'nope = 1' })).rejects.toMatchObject({
      message: expect.stringContaining('column "nope" does not exist'),
    });
  });

  test('the first failure is thrown, and what waits for chunks is told of it', async () => {
    let release = () => {};
    async function* chunks() {
      yield 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      throw new Error('the source was closed');
    }
    const work = () => Promise.reject(new Error('the first'));
    const options = { lanes: 2, depth: 2, onDone: () => {}, onRefused: () => {} };
    const { signal } = new AbortController();
    const done = overLanes(database, chunks(), { ...options, work, signal, onFailed: () => release() });
    await expect(done).rejects.toThrow('the first');
  });
});
