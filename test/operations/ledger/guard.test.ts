import { expect, test } from 'vitest';
import { LoadGuard } from '../../../src/operations/ledger/guard.ts';
import { silentReporter } from '../../../src/progress.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { noServer } from '../../support/servers.ts';

test.skipIf(noServer !== null)(
  'a guard holds its load, and no snapshot, which builds and vacuums of others would wait for',
  async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    const signal = new AbortController().signal;
    const load = { key: "the '\\ load", name: 'docs.csv' };
    const guard = new LoadGuard(database);
    expect(await guard.take([load], silentReporter, signal)).toBe(true);
    const { rows } = await database.query(
      `SELECT state, backend_xmin FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect(rows).toEqual([{ state: 'idle in transaction', backend_xmin: null }]);

    const other = new LoadGuard(await fixture.open());
    const taking = other.take([load], silentReporter, signal);
    await guard.release();
    expect(await taking).toBe(true);
    await other.release();
  },
);
