import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import type { IngestOptions } from '../../../src/operations/ingest/ingest-options.ts';
import { eachDatabase } from '../../support/databases.ts';
import { load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query(`CREATE TABLE docs (id int8 PRIMARY KEY, t text);
      CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE NOTICE 'kept'; IF NEW.id % 10 = 0 THEN RAISE WARNING 'row % is round', NEW.id; END IF; RETURN NEW;
      END $$;
      CREATE TRIGGER say BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION say()`);
  });

  test.each<[how: string, options: Partial<IngestOptions>]>([
    ['in pieces', {}],
    ['by a merge', { atomic: true }],
  ])('what a trigger says is told once, with how often: %s', async (_, options) => {
    await database.query('TRUNCATE docs');
    const file = `id,t\n${Array.from({ length: 500 }, (_, id) => `${id},x\n`).join('')}`;
    const reporter = collectReports();
    await load(database, file, { table: 'docs', pieceLength: 1000, ifLoaded: 'again', reporter, ...options });
    const said = reporter.notes.filter((note) => note.startsWith('the server says'));
    expect(said).toHaveLength(21);
    expect(said).toContain('the server says: kept (500 times)');
    expect(said[1]).toMatch(/^the server says: row \d+ is round$/);
    expect(said.at(-1)).toBe('the server says more, 31 times');
  });
});
