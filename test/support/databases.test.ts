import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eachDatabase, emptyDatabase } from './databases.ts';
import { noServer, psqlOn } from './servers.ts';

eachDatabase((fixture) => {
  test('opens, and closes twice without harm', async () => {
    const database = await fixture.open();
    expect(database.target.kind).toBe(fixture.kind);
    await database.query('CREATE TABLE t ()');
    await database.close();
    await database.close();
  });

  test('is the same for every test of the group, which find it closed', async () => {
    const database = await fixture.open();
    expect((await database.query('SELECT FROM t')).rowCount).toBe(0);
  });

  test('is another one for who asks for an empty one', async () => {
    const empty = await emptyDatabase(fixture.kind);
    const database = await empty.open();
    await expect(database.query('SELECT FROM t')).rejects.toThrow(/relation "t" does not exist/);
  });
});

describe('a database for one test', () => {
  let url = '';
  test('is there for it', async () => {
    url = (await emptyDatabase('embedded')).url;
    expect(existsSync(url.replace('pglite:', ''))).toBe(true);
  });
  test('is gone for the next', () => expect(existsSync(url.replace('pglite:', ''))).toBe(false));

  test.skipIf(noServer)('is there for it, on a server', async () => {
    url = (await emptyDatabase('server')).url;
    expect(await databases()).toContain(new URL(url).pathname.slice(1));
  });
  test.skipIf(noServer)('is gone for the next, on a server', async () => {
    expect(await databases()).not.toContain(new URL(url).pathname.slice(1));
  });
});

async function databases(): Promise<string[]> {
  return (await psqlOn('postgres', ['-Atc', 'SELECT datname FROM pg_database'])).split('\n');
}
