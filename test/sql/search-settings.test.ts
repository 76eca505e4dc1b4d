import { expect, test } from 'vitest';
import { setSearchSettings } from '../../src/sql/search-settings.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

test.skipIf(noServer !== null)(
  'a pgvector without hnsw: its settings are not known, and no error',
  async () => {
    const database = await (await emptyDatabase('server')).open();
    await database.query('CREATE EXTENSION vector');
    const wanted = { efSearch: undefined, rows: 12, hnswScan: 'off', ivfflatScan: 'off', others: {} };
    const { text, values } = setSearchSettings('public', wanted);
    // As one before 0.5 sees it: a name that nothing has declared.
    const asOld = { text: text.replaceAll('hnsw.', 'unheard_of.'), values: values! };
    for (const efSearch of [12, 12]) {
      const { rows } = await database.transaction((session) => session.query(asOld));
      expect(rows[0]).toMatchObject({ efSearch, iterativeScan: false });
    }
  },
);
