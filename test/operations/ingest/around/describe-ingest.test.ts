import { Readable } from 'node:stream';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../../src/database/database.ts';
import { csv } from '../../../../src/formats/read/csv/csv.ts';
import { describeIngest } from '../../../../src/operations/ingest/around/describe-ingest.ts';
import type { IngestOptions } from '../../../../src/operations/ingest/ingest-options.ts';
import type { Input } from '../../../../src/operations/ingest/input.ts';
import { describeTable } from '../../../../src/operations/tables.ts';
import { silentReporter } from '../../../../src/progress.ts';
import { streamSource } from '../../../../src/source.ts';
import { eachDatabase } from '../../../support/databases.ts';
import { load } from '../../../support/load.ts';

const file = 'id,text,v\n1,a,"[1,2]"\n2,b,"[3,4]"\n';

function input(content: string): Input {
  return {
    name: 'test.csv',
    describe: async () => ({ name: 'test.csv' }),
    open: async () => {
      const source = streamSource(Readable.from([Buffer.from(content)], { objectMode: true }), 'test.csv');
      return { file: await csv.open(source, {}), byteLength: content.length, close: () => source.close() };
    },
  };
}

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
  });

  beforeEach(async () => {
    await database.query(
      'DROP SCHEMA IF EXISTS pgv CASCADE; DROP TABLE IF EXISTS docs; DROP EXTENSION IF EXISTS vector CASCADE',
    );
  });

  const describeLoad = (options: Partial<IngestOptions> = {}, contents: readonly string[] = [file]) =>
    describeIngest(
      database,
      contents.map(input),
      { table: 'docs', jobs: 2, ...options },
      silentReporter,
      new AbortController().signal,
    );

  /** Everything that is there. */
  async function everything(): Promise<object[]> {
    const { rows } = await database.query<object>(
      "SELECT relname FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema')) UNION ALL SELECT extname FROM pg_extension ORDER BY 1",
    );
    return rows;
  }

  test('a new table, its columns and where each comes from; nothing stays, not even the extension', async () => {
    const before = await everything();
    const described = await describeLoad({ map: [['text', 'content']] }, [file, file]);
    expect(described).toMatchObject({
      table: 'docs',
      createTable: `CREATE TABLE "public"."docs" (\n  "id" bigint PRIMARY KEY,\n  "content" text,\n  "v" vector(2)\n)`,
      through: 'pieces',
      lanes: fixture.kind === 'server' ? 2 : 1,
    });
    expect(described.files).toHaveLength(2);
    expect(described.files[0]).toMatchObject({
      path: 'test.csv',
      status: 'new',
      format: 'csv',
      details: { delimiter: ',', quote: '"', nullText: '' },
      bytes: file.length,
      sampledRows: 2,
      columns: [
        { column: 'id', type: 'bigint', from: 'id' },
        { column: 'content', type: 'text', from: 'text' },
        { column: 'v', type: 'vector(2)', from: 'v' },
      ],
    });
    expect(await everything()).toEqual(before);
  });

  test('a table that is there, and a load that is done', async () => {
    await load(database, file, { table: 'docs', loadId: 'mine' });
    const described = await describeLoad({ loadId: 'mine', dialect: {} });
    expect(described).toMatchObject({ createTable: null, files: [{ status: 'loaded' }] });
    expect(await describeLoad({ onConflict: 'update' })).toMatchObject({
      through: 'staging',
      files: [{ status: 'new' }],
    });
  });

  test('what the load would refuse', async () => {
    await expect(describeLoad({ create: false })).rejects.toMatchObject({ code: 'no-table' });
    await expect(describeLoad({ types: new Map([['text', 'nonsense']]) })).rejects.toMatchObject({
      code: 'bad-type',
    });
    await expect(describeLoad({ onConflict: 'update', key: ['none'] })).rejects.toMatchObject({
      code: 'no-key',
    });
    await expect(describeLoad({ deleteMissing: true })).rejects.toMatchObject({ name: 'UsageError' });
    expect(await describeTable(database, 'docs')).toBeUndefined();
    await database.query(
      'CREATE TABLE docs (id int PRIMARY KEY, text text, v text); CREATE TABLE refers (doc int REFERENCES docs)',
    );
    try {
      await expect(describeLoad({ truncate: true })).rejects.toMatchObject({ code: 'referenced-table' });
    } finally {
      await database.query('DROP TABLE refers');
    }
  });
});
