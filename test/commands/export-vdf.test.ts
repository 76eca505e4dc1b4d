import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

eachDatabase((fixture) => {
  let cwd: string;
  const run = (...argv: string[]) => runInMemory(argv, { cwd, env: { PGV_URL: fixture.url } });
  const succeed = async (...argv: string[]) => {
    const { code, err } = await run(...argv);
    expect(code, err).toBe(0);
  };

  beforeAll(async () => {
    cwd = await temporaryDirectory();
    const database = await fixture.open();
    await database.query('CREATE EXTENSION IF NOT EXISTS vector');
    await database.query(
      'CREATE TABLE docs (path text PRIMARY KEY, body text, tags text[], meta jsonb, embedding vector(3), small halfvec(2))',
    );
    await database.query(
      `INSERT INTO docs SELECT 'doc ' || i, nullif(repeat('é', i % 5), ''), ARRAY[i::text, NULL], jsonb_build_object('i', i),
       ARRAY[i, sin(i), -i]::vector, ARRAY[i, 0.5]::halfvec FROM generate_series(1, 500) i`,
    );
    await database.query('CREATE INDEX ON docs USING hnsw (embedding vector_l2_ops)');
    await database.query(
      'CREATE TABLE back (id text PRIMARY KEY, body text, tags text[], meta jsonb, embedding vector(3), small halfvec(2))',
    );
    await database.query(
      'CREATE VIEW renamed AS SELECT path AS id, body, tags, meta, embedding, small FROM docs',
    );
    await database.close();
  });

  test('a dataset, what it says of itself, and in again', async () => {
    await succeed('export', 'docs', '-o', 'docs.vdf');
    expect(readdirSync(path.join(cwd, 'docs.vdf')).sort()).toEqual(['VDF_META.json', 'docs.parquet']);
    const meta = JSON.parse(readFileSync(path.join(cwd, 'docs.vdf/VDF_META.json'), 'utf8'));
    expect(meta).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      file_structure: ['docs.parquet', 'VDF_META.json'],
      author: 'pgv',
      exported_from: 'pgvector',
      exported_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      id_column: 'path',
      indexes: {
        docs: [
          {
            namespace: '',
            index_name: 'docs',
            total_vector_count: 500,
            exported_vector_count: 500,
            dimensions: 3,
            vector_columns: ['embedding', 'small'],
            data_path: '.',
            metric: 'Euclid',
          },
        ],
      },
    });
    await succeed('ingest', 'docs.vdf', '-t', 'back');
    const database = await fixture.open();
    await expectSameRows(database, 'back', 'renamed');
    await database.close();
  });

  // What is refused beforehand does not depend on the database.
  if (fixture.kind === 'embedded') return;

  test('several files, overwritten by fewer', async () => {
    await succeed('export', 'docs', '--format', 'vdf', '-o', 'many', '--split', '200');
    const names = ['VDF_META.json', 'docs-00001.parquet', 'docs-00002.parquet', 'docs-00003.parquet'];
    expect(readdirSync(path.join(cwd, 'many')).sort()).toEqual(names);
    expect(await run('export', 'docs', '--format', 'vdf', '-o', 'many', '--split', '200')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/exists already.*--force/s),
    });
    await succeed('export', 'docs', '--format', 'vdf', '-o', 'many', '--split', '300', '--force');
    expect(readdirSync(path.join(cwd, 'many')).sort()).toEqual(names.slice(0, 3));
    const { file_structure } = JSON.parse(readFileSync(path.join(cwd, 'many/VDF_META.json'), 'utf8'));
    expect(file_structure).toEqual(['docs-00001.parquet', 'docs-00002.parquet', 'VDF_META.json']);
  });

  test.each<[string[], RegExp]>([
    [['docs', '--format', 'vdf'], /a dataset needs -o: it is a directory/],
    [['docs', '-o', 'taken.vdf'], /taken\.vdf is a file/],
    [['docs', '-o', 'a.vdf', '--manifest'], /--manifest does not go with --format vdf/],
    [
      ['docs', '-o', 'b.vdf', '--columns', 'path,body'],
      /vdf holds columns of type vector or halfvec, and there is none/,
    ],
    [['docs', '-o', 'c.vdf', '--columns', 'body,embedding'], /needs an id for every row/],
  ])('%j is refused', async (args, message) => {
    await writeFile(path.join(cwd, 'taken.vdf'), '');
    const { code, out, err } = await run('export', ...args);
    expect({ code, out, err }).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
  });
});
