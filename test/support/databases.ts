import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { afterwards } from './afterwards.ts';
import { noServer, ownServer, sharedServer } from './servers.ts';
import { scratch } from './temporary.ts';

export type DatabaseKind = 'server' | 'embedded';

/** A database that was new and empty when the test, or the group of tests, began. */
export interface Fixture {
  readonly kind: DatabaseKind;
  /** What `-d` and PGV_URL take. */
  readonly url: string;
  /** Opens the database, on a server as another role perhaps; closed when the test that is running has finished, or else with the fixture. */
  open(options?: { user?: string }): Promise<Database>;
}

/**
 * Describes `body` twice, on a server's database and on an embedded one, each made for it and removed after.
 * `fixture.url` and `open` are for tests and hooks, not for `body` itself.
 */
export function eachDatabase(body: (fixture: Fixture) => void): void {
  for (const kind of ['server', 'embedded'] as const) {
    describe.skipIf(kind === 'server' && noServer !== null)(kind, () => {
      let made: OwnedFixture | undefined;
      beforeAll(async () => {
        made = await createFixture(kind);
      });
      afterAll(() => made?.remove());
      const fixture = (): Fixture => {
        if (made === undefined) throw new Error('the database is made before the first test, no earlier');
        return made;
      };
      body({
        kind,
        get url() {
          return fixture().url;
        },
        open: (options) => fixture().open(options),
      });
    });
  }
}

/** A database for the test that is running, or else for its file, alone. */
export async function emptyDatabase(kind: DatabaseKind): Promise<Fixture> {
  const fixture = await createFixture(kind);
  afterwards(() => fixture.remove());
  return fixture;
}

/** The URL of a server on which the extension `vector` is not available. Skip the test with `noOwnServer`. */
export async function withoutPgvector(): Promise<string> {
  return (await ownServer({ withoutPgvector: true })).url;
}

interface OwnedFixture extends Fixture {
  remove(): Promise<void>;
}

async function createFixture(kind: DatabaseKind): Promise<OwnedFixture> {
  const { url, drop } = kind === 'server' ? await createServerDatabase() : await createEmbeddedDatabase();
  const opened = new Set<Database>();
  const close = async (database: Database) => {
    if (opened.delete(database)) await database.close();
  };
  return {
    kind,
    url,
    async open({ user } = {}) {
      const database = await connect(resolve(user === undefined ? url : asUser(url, user)), {
        mayCreate: false,
      });
      opened.add(database);
      afterwards(() => close(database));
      return database;
    },
    async remove() {
      for (const database of opened) await close(database);
      await drop();
    },
  };
}

function asUser(url: string, user: string): string {
  const other = new URL(url);
  other.username = user;
  return other.href;
}

function resolve(url: string) {
  return resolveTarget({ url, env: {}, cwd: scratch });
}

async function createServerDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `pgv_test_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(sharedServer().url);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: sharedServer().url });
  // The statement tells of a lost connection; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function createEmbeddedDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const directory = path.join(await mkdtemp(path.join(scratch, 'e-')), 'data');
  await cp(await embeddedTemplate(), directory, { recursive: true });
  const drop = () => rm(path.dirname(directory), { recursive: true, force: true });
  return { url: `pglite:${directory}`, drop };
}

/** An embedded database that was opened once, as that takes seconds and a copy does not. */
async function embeddedTemplate(): Promise<string> {
  const template = path.join(scratch, 'embedded-template');
  if (existsSync(template)) return template;
  // The other worker may be doing the same: the first to rename its own wins.
  const directory = await mkdtemp(`${template}-`);
  const database = await connect(resolve(`pglite:${directory}`), { mayCreate: true });
  await database.close();
  await rename(directory, template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return template;
}
