import { Client } from 'pg';
import type { TestServer } from './test-server.ts';

/**
 * The server that PGV_TEST_URL names. It has to be there: a wrong URL is a mistake, and no reason to skip tests.
 * @param url of a role that may create databases, on a server with pgvector
 */
export async function givenServer(url: string): Promise<TestServer> {
  const client = new Client({ connectionString: url });
  // The queries tell of a lost connection; without a listener it would end the process.
  client.on('error', () => {});
  client.on('error', () => {});
  try {
    await client.connect();
    const available = await client.query("SELECT FROM pg_available_extensions WHERE name = 'vector'");
    if (available.rowCount === 0) throw new Error('the extension vector is not available there');
  } catch (cause) {
    throw new Error(`the server of PGV_TEST_URL: ${(cause as Error).message}`, { cause });
  } finally {
    await client.end().catch(() => {});
  }
  const { host, port, user, password, database } = client;
  return {
    description: `the server of PGV_TEST_URL, ${host}:${port}`,
    url,
    socketDirectory: host.startsWith('/') ? host : null,
    psql: {
      command: ['psql'],
      environment: {
        PGHOST: host,
        PGPORT: String(port),
        ...(user && { PGUSER: user }),
        ...(database && { PGDATABASE: database }),
        ...(password && { PGPASSWORD: password }),
      },
    },
  };
}
