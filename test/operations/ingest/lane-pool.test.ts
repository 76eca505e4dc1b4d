import { expect, test, vi } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { LanePool } from '../../../src/operations/ingest/lane-pool.ts';
import type { Recipe } from '../../../src/operations/ingest/load-piece.ts';

vi.mock('../../../src/built-files.ts', () => ({
  builtFile: () => new URL('data:text/javascript,process.exit(3)'),
}));

test('a lane that ends by itself fails the load, and is not waited for at the end', async () => {
  const database = {
    maxLanes: 1,
    lane: async () => ({ address: { kind: 'embedded', port: null }, transfer: [] }),
  } as unknown as Database;
  const pool = new LanePool(database, {} as Recipe, 1, { onProgress: () => {}, onBuffer: () => {} });
  const location = { sequence: 0, firstRow: 1, records: 1, byteOffset: 0, byteLength: 2 };
  await pool.give({ location, bytes: new Uint8Array(2) });
  await expect(pool.finish()).rejects.toThrow('a lane ended by itself (exit 3)');
  await pool.close();
});
