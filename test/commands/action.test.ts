import { expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { DatabaseError } from '../../src/errors.ts';
import { runInMemory } from './memory-io.ts';

const fails = (message: string) => async () => {
  throw new DatabaseError(message);
};

const broken = {
  target: { kind: 'server', description: 'a broken database' },
  query: fails('no space left'),
  leave: fails('the connection was lost'),
} as unknown as Database;

vi.mock('../../src/database/connect.ts', () => ({ connect: async () => broken }));

test('what fails first is told, not what fails on the way out', async () => {
  const { code, err } = await runInMemory(['sql', 'SELECT 1', '-d', 'postgresql://h/d']);
  expect(code).toBe(4);
  expect(err).toContain('no space left');
  expect(err).not.toContain('the connection was lost');
});
