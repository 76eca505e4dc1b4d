import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../../src/database/database.ts';
import { InterruptedError } from '../../../../src/errors.ts';
import {
  type ChangedRows,
  maintainAfterLoad,
  type VacuumMode,
} from '../../../../src/operations/ingest/around/maintain.ts';
import { describeTable } from '../../../../src/operations/tables.ts';
import { eachDatabase } from '../../../support/databases.ts';
import { collectReports } from '../../../support/reports.ts';

eachDatabase((fixture) => {
  let database: Database;
  const server = fixture.kind === 'server';

  beforeAll(async () => {
    database = await fixture.open();
  });

  beforeEach(async () => {
    await database.query(`DROP TABLE IF EXISTS docs;
      CREATE TABLE docs (id int PRIMARY KEY, t text) WITH (autovacuum_enabled = false);
      INSERT INTO docs SELECT i FROM generate_series(1, 1000) i`);
  });

  const nothing: ChangedRows = { inserted: 0, updated: 0, deleted: 0 };

  async function maintain(changed: Partial<ChangedRows>, mode: VacuumMode = 'auto', on = database) {
    const reports = collectReports();
    const table = (await describeTable(on, 'docs'))!;
    await maintainAfterLoad(
      on,
      table,
      { ...nothing, ...changed },
      mode,
      reports,
      new AbortController().signal,
    );
    return reports;
  }

  /** Rows that the statistics know (-1: none yet), and how often the table was vacuumed. */
  async function state(): Promise<{ rows: number; vacuums: number }> {
    const { rows } = await database.query<{ rows: number; vacuums: number }>(
      `SELECT sum(reltuples) FILTER (WHERE relkind <> 'p')::int AS rows, sum(pg_stat_get_vacuum_count(oid))::int AS vacuums
      FROM pg_class WHERE relname LIKE 'docs%' AND relkind IN ('r', 'p')`,
    );
    return rows[0]!;
  }

  test('a table that nobody has analysed is, and one without dead rows is not vacuumed', async () => {
    expect((await maintain({ inserted: 1000 })).warnings).toEqual([]);
    expect(await state()).toEqual({ rows: 1000, vacuums: 0 });
  });

  test('few rows of many leave the statistics as they are, where there is autovacuum', async () => {
    await maintain({ inserted: 1000 });
    await database.query('INSERT INTO docs SELECT i FROM generate_series(1001, 1150) i');
    await maintain({ inserted: 150 });
    expect(await state()).toEqual({ rows: server ? 1000 : 1150, vacuums: 0 });
    await maintain({ inserted: 151 });
    expect(await state()).toEqual({ rows: 1150, vacuums: 0 });
  });

  test('dead rows beyond a tenth are vacuumed', async () => {
    await database.query("UPDATE docs SET t = 'x' WHERE id <= 110");
    await maintain({ updated: 110 });
    expect((await state()).vacuums).toBe(0);
    await database.query("UPDATE docs SET t = 'x' WHERE id <= 300");
    await maintain({ updated: 300 });
    expect((await state()).vacuums).toBe(1);
  });

  test('--vacuum never does neither, always does both', async () => {
    await maintain({ inserted: 1000 }, 'never');
    expect(await state()).toEqual({ rows: -1, vacuums: 0 });
    await maintain(nothing);
    expect(await state()).toEqual({ rows: -1, vacuums: 0 });
    await maintain(nothing, 'always');
    expect(await state()).toEqual({ rows: 1000, vacuums: 1 });
  });

  test('a table in partitions, which autovacuum leaves out', async () => {
    await database.query(`DROP TABLE docs; CREATE TABLE docs (id int) PARTITION BY RANGE (id);
      CREATE TABLE docs_1 PARTITION OF docs FOR VALUES FROM (0) TO (1000);
      CREATE TABLE docs_2 PARTITION OF docs FOR VALUES FROM (1000) TO (2000);
      INSERT INTO docs SELECT i FROM generate_series(1, 1500) i`);
    await maintain({ inserted: 1500 });
    expect(await state()).toEqual({ rows: 1500, vacuums: 0 });
    const { rows } = await database.query(
      "SELECT reltuples::int AS rows FROM pg_class WHERE relname = 'docs'",
    );
    expect(rows).toEqual([{ rows: 1500 }]);
  });

  test('a role that may not is warned', async () => {
    const role = `pgv_maintain_${process.pid}`;
    await database.query(`CREATE ROLE ${role}; GRANT INSERT, SELECT ON docs TO ${role}; SET ROLE ${role}`);
    try {
      const { warnings } = await maintain({ inserted: 1000 });
      expect(warnings).toEqual([expect.stringContaining('every row is stored, but docs is not analysed')]);
    } finally {
      await database.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    expect((await state()).rows).toBe(-1);
  });

  if (fixture.kind === 'embedded') return;

  test('a build of an index, which a waiting ANALYZE would end, is left alone', async () => {
    const [writer, builder] = [await fixture.open(), await fixture.open()];
    await writer.query("BEGIN; UPDATE docs SET t = 'x' WHERE id = 1");
    const building = builder.query('CREATE INDEX CONCURRENTLY ON docs (t)');
    const begun = "SELECT FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for writers%'";
    await expect.poll(async () => (await database.query(begun)).rows.length).toBe(1);
    const { notes, warnings } = await maintain({ inserted: 1000 });
    expect(warnings).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^docs is not analysed, as session \d+ of .* is at its indexes: `pgv vacuum docs`/,
      ),
    ]);
    await writer.query('COMMIT');
    await building;
  });

  test('a table that is locked for long is a warning; an interruption ends the wait', async () => {
    const [holder, waiting] = [await fixture.open(), await fixture.open()];
    await holder.query('BEGIN; LOCK TABLE docs IN SHARE ROW EXCLUSIVE MODE');
    const controller = new AbortController();
    const table = (await describeTable(waiting, 'docs'))!;
    const changed = { ...nothing, inserted: 1000 };
    const work = maintainAfterLoad(
      waiting,
      table,
      changed,
      'auto',
      collectReports(),
      controller.signal,
    ).catch((error) => error);
    const waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'docs'::regclass";
    await expect.poll(async () => (await database.query(waits)).rowCount).toBe(1);
    controller.abort(new InterruptedError());
    expect(await work).toMatchObject({
      name: 'InterruptedError',
      hint: expect.stringContaining('every row is stored'),
    });
    expect((await maintain(changed, 'auto', await fixture.open())).warnings).toEqual([
      expect.stringContaining('lock timeout'),
    ]);
    await holder.query('ROLLBACK');
  });
});
