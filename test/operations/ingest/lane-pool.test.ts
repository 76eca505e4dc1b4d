import { expect, test, vi } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import type { LaneHost } from '../../../src/operations/ingest/lane-host.ts';
import { LanePool } from '../../../src/operations/ingest/lane-pool.ts';
import { LaneThreads } from '../../../src/operations/ingest/lane-threads.ts';
import type { Recipe } from '../../../src/operations/ingest/recipe.ts';

vi.mock('../../../src/built-files.ts', () => ({
  builtFile: () => new URL('data:text/javascript,process.exit(3)'),
}));

test('a lane that ends by itself fails the load, and is not waited for at the end', async () => {
  const database = {
    maxLanes: 1,
    lane: async () => ({ address: { kind: 'embedded', port: null }, transfer: [] }),
  } as unknown as Database;
  const nothing = () => {};
  const pool = new LanePool(database, 1, {
    onProgress: nothing,
    onBuffer: nothing,
    onRejects: async () => {},
    onRetry: nothing,
  });
  pool.use({} as Recipe);
  const location = { sequence: 0, firstRow: 1, records: 1, byteOffset: 0, byteLength: 2 };
  await pool.give({
    piece: { location, bytes: new Uint8Array(2) },
    file: 0,
    rowBase: 0,
    checksum: undefined,
  });
  await expect(pool.finish()).rejects.toThrow('a lane ended by itself (exit 3)');
  await pool.close();
});

test('a thread that has ended while it waited is no lane; those that wait end with their owner', async () => {
  const threads = new LaneThreads();
  threads.start(1);
  const first = lostBy(threads.take());
  threads.start(1);
  await first;
  await vi.waitFor(() => expect(waitingOf(threads)).toBe(0), 5000);
  await lostBy(threads.take());
  threads.start(2);
  await threads.close();
  expect(waitingOf(threads)).toBe(0);
});

const waitingOf = (threads: LaneThreads) => (threads as unknown as { waiting: Set<LaneHost> }).waiting.size;

const lostBy = (host: LaneHost) =>
  new Promise<Error>((resolve) => host.listen({ onMessage: () => {}, onLost: resolve }));
