import { expect, test } from 'vitest';
import { alongside } from '../../../src/operations/index-tune/alongside.ts';
import { eachDatabase } from '../../support/databases.ts';

const { signal } = new AbortController();
const backend = { text: 'SELECT pg_backend_pid() AS pid' };

eachDatabase((fixture) => {
  test('two things are done at once where there are two lanes', async () => {
    const database = await fixture.open();
    const [one, other] = await alongside(
      database,
      signal,
      () => database.query<{ pid: number }>(backend),
      (lane) => lane.query<{ pid: number }>(backend),
    );
    expect(one.rows[0]!.pid !== other.rows[0]!.pid).toBe(fixture.kind === 'server');
  });

  test('what fails ends the other', async () => {
    const database = await fixture.open();
    const failing = alongside(
      database,
      signal,
      () => Promise.reject(new Error('the one')),
      (lane) => lane.query({ text: 'SELECT pg_sleep(600)' }),
    );
    await expect(failing).rejects.toThrow('the one');
    const succeeding = alongside(
      database,
      signal,
      () => database.query(backend),
      () => Promise.reject(new Error('the other')),
    );
    await expect(succeeding).rejects.toThrow('the other');
  });
});
