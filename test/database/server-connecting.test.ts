import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, connectLane } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { copied } from '../support/copied.ts';
import type { OwnServer } from '../support/server/test-server.ts';
import { noOwnServer, ownServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { type Certificates, makeCertificates, noOpenssl } from './certificates.ts';

/** One server for all: which role may come in how is in its pg_hba.conf. */
const hba = [
  'hostssl   all tls_only   127.0.0.1/32 trust',
  'hostnossl all tls_only   127.0.0.1/32 reject',
  'hostnossl all plain_only 127.0.0.1/32 trust',
  'hostssl   all plain_only 127.0.0.1/32 reject',
  'hostssl   all certified  127.0.0.1/32 cert',
  'host      all scram_role 127.0.0.1/32 scram-sha-256',
  'host      all md5_role   127.0.0.1/32 md5',
  'host      all open_role  127.0.0.1/32 password',
  'local     all scram_role scram-sha-256',
];

const noTlsServer = noOwnServer ?? noOpenssl;
if (noTlsServer !== null) process.stderr.write(`connecting with TLS is not tested: ${noTlsServer}\n`);

let server: OwnServer;
let certificates: Certificates;
let home: string;
let port: string;

const open = (url: string, env: NodeJS.ProcessEnv = {}): Promise<Database> =>
  connect(resolveTarget({ url, env: { HOME: home, ...env }, cwd: home }), { mayCreate: false });

/** Opens, asks one question, closes. */
async function ask(url: string, env: NodeJS.ProcessEnv = {}, expression = 'current_user'): Promise<unknown> {
  const database = await open(url, env);
  try {
    const { rows } = await database.query<{ answer: unknown }>(`SELECT ${expression} AS answer`);
    return rows[0]!.answer;
  } finally {
    await database.close();
  }
}

const isEncrypted = '(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())';
const at = (role: string, parameters = '', host = '127.0.0.1') =>
  `postgresql://${role}@${host}:${port}/postgres?${parameters}`;
const byName = (role: string, parameters: string) =>
  at(role, `hostaddr=127.0.0.1&${parameters}`, 'localhost');

describe.skipIf(noTlsServer)('connecting', () => {
  beforeAll(async () => {
    home = await temporaryDirectory();
    certificates = await makeCertificates(home);
    server = await ownServer({
      hba,
      settings: {
        ssl: 'on',
        ssl_cert_file: 'test.crt',
        ssl_key_file: 'test.key',
        ssl_ca_file: 'ca.crt',
      },
      files: {
        'test.crt': certificates.server.certificate,
        'test.key': certificates.server.key,
        'ca.crt': certificates.authorityText,
      },
    });
    port = new URL(server.url).port;
    const database = await open(server.url);
    await database.query(`CREATE ROLE tls_only LOGIN; CREATE ROLE plain_only LOGIN; CREATE ROLE certified LOGIN;
      CREATE ROLE scram_role LOGIN PASSWORD 's€cret:x'; CREATE ROLE open_role LOGIN PASSWORD 'open';
      SET password_encryption = md5; CREATE ROLE md5_role LOGIN PASSWORD 'old'`);
    await database.close();
  });

  test('a COPY out comes whole through TLS, and one that fails leaves the session as it was', async () => {
    const database = await open(at('tls_only', 'sslmode=require'));
    const much = 'SELECT i, repeat(md5(i::text), 32) FROM generate_series(1, 4000) AS i';
    const expected = Array.from({ length: 4000 }, (_, i) => {
      return `${i + 1}\t${createHash('md5')
        .update(String(i + 1))
        .digest('hex')
        .repeat(32)}\n`;
    }).join('');
    expect((await copied(database, `COPY (${much}) TO STDOUT`)).toString() === expected).toBe(true);
    await expect(
      copied(database, `COPY (SELECT 1 / (3000 - i), s FROM (${much}) AS t (i, s)) TO STDOUT`),
    ).rejects.toMatchObject({ sqlstate: '22012' });
    expect((await copied(database, `COPY (SELECT 1) TO STDOUT`)).toString()).toBe('1\n');
    await database.close();
  });

  describe('sslmode', () => {
    test.each([
      ['disable', 'plain_only', false],
      ['allow', 'plain_only', false],
      ['allow', 'tls_only', true],
      ['prefer', 'plain_only', false],
      ['prefer', 'tls_only', true],
      ['require', 'tls_only', true],
      ['require', 'postgres', true],
      ['prefer', 'postgres', true],
      ['allow', 'postgres', false],
    ])('%s as %s', async (mode, role, encrypted) => {
      expect(await ask(at(role, `sslmode=${mode}`), {}, isEncrypted)).toBe(encrypted);
      expect(await ask(at(role), { PGSSLMODE: mode }, isEncrypted)).toBe(encrypted);
    });

    test.each([
      ['disable', 'tls_only'],
      ['require', 'plain_only'],
    ])('%s as %s is refused by the server', async (mode, role) => {
      await expect(ask(at(role, `sslmode=${mode}`))).rejects.toMatchObject({
        sqlstate: '28000',
        code: 'authentication',
      });
    });

    test('verify-ca and verify-full verify, the latter the name too', async () => {
      const { authority, otherAuthority } = certificates;
      for (const mode of ['require', 'verify-ca', 'verify-full']) {
        expect(await ask(byName('tls_only', `sslmode=${mode}&sslrootcert=${authority}`))).toBe('tls_only');
        const strange = ask(byName('tls_only', `sslmode=${mode}&sslrootcert=${otherAuthority}`));
        await expect(strange).rejects.toMatchObject({
          code: 'tls',
          hint: expect.stringContaining('sslrootcert'),
        });
      }
      expect(await ask(at('tls_only', `sslmode=verify-ca&sslrootcert=${authority}`))).toBe('tls_only');
      const misnamed = ask(at('tls_only', `sslmode=verify-full&sslrootcert=${authority}`));
      await expect(misnamed).rejects.toMatchObject({ code: 'tls' });
      await expect(ask(byName('tls_only', 'sslrootcert=system'))).rejects.toMatchObject({ code: 'tls' });
    });

    test('a server without TLS', async () => {
      const plain = await ownServer({});
      let connections = 0;
      const between = createServer((socket) => {
        connections += 1;
        const there = dial(Number(new URL(plain.url).port), '127.0.0.1');
        socket.on('error', () => there.destroy());
        there.on('error', () => socket.destroy());
        socket.pipe(there).pipe(socket);
      }).listen(0, '127.0.0.1');
      await once(between, 'listening');
      const url = new URL(plain.url);
      url.port = String((between.address() as AddressInfo).port);
      expect(await ask(`${url.href}?sslmode=prefer`, {}, isEncrypted)).toBe(false);
      expect(connections).toBe(1);
      between.close();
      await expect(ask(`${plain.url}?sslmode=require`)).rejects.toMatchObject({
        code: 'tls',
        message: expect.stringMatching(/does not offer TLS$/),
      });
    });

    test('a client certificate', async () => {
      const { certificate, key } = certificates.client;
      const url = at('certified', 'sslmode=require');
      expect(await ask(`${url}&sslcert=${certificate}&sslkey=${key}`)).toBe('certified');
      expect(await ask(url, { PGSSLCERT: certificate, PGSSLKEY: key })).toBe('certified');
      await expect(ask(url)).rejects.toMatchObject({ sqlstate: '28000' });
      await expect(ask(`${url}&sslcert=/missing.crt`)).rejects.toMatchObject({
        name: 'UsageError',
        file: '/missing.crt',
      });
    });
  });

  describe('a password', () => {
    const secret = 's€cret:x';
    const inUrl = encodeURIComponent(secret);

    test.each([
      ['the URL', `scram_role:${inUrl}`, {}],
      ['PGPASSWORD', 'scram_role', { PGPASSWORD: secret }],
      [
        'PGV_PASSWORD_COMMAND',
        'scram_role',
        { PGV_PASSWORD_COMMAND: `echo '${secret}'`, PGPASSWORD: 'wrong' },
      ],
      ['the URL, md5', 'md5_role:old', {}],
      ['the URL, in the clear', 'open_role:open', {}],
    ])('from %s', async (_, role, env) => {
      for (const mode of ['disable', 'require']) {
        expect(await ask(at(role, `sslmode=${mode}`), env)).toBe(role.split(':')[0]);
      }
    });

    test('from .pgpass, by host', async () => {
      const file = path.join(home, '.pgpass');
      await writeFile(file, `localhost:*:*:*:wrong\n127.0.0.1:${port}:postgres:scram_role:s€cret\\:x\n`);
      await chmod(file, 0o600);
      expect(await ask(at('scram_role'))).toBe('scram_role');
      await expect(ask(byName('scram_role', ''))).rejects.toMatchObject({
        sqlstate: '28P01',
        hint: expect.stringContaining(file),
      });
      await chmod(file, 0o644);
      await expect(ask(at('scram_role'))).rejects.toThrow(/none is given/);
      await writeFile(file, '');
    });

    test('from a service file, with all the rest', async () => {
      const file = path.join(home, 'services');
      await writeFile(
        file,
        `[mine]\nhost=127.0.0.1\nport=${port}\nuser=scram_role\ndbname=postgres\npassword=${secret}\n`,
      );
      const env = { HOME: home, PGSERVICE: 'mine', PGSERVICEFILE: file };
      const database = await connect(resolveTarget({ env, cwd: home }), { mayCreate: false });
      expect(database.target.description).toBe(`postgres on 127.0.0.1:${port} as scram_role`);
      await database.close();
      expect(await ask('service=mine', { PGSERVICEFILE: file })).toBe('scram_role');
    });

    test('that is wrong: where it came from is said, not what it is', async () => {
      const failing = ask(at('scram_role'), { PGPASSWORD: 'hidden' });
      await expect(failing).rejects.toMatchObject({
        name: 'DatabaseError',
        sqlstate: '28P01',
        code: 'authentication',
        hint: expect.stringContaining('PGPASSWORD'),
      });
      const error = await failing.catch((reason: unknown) => reason);
      expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('hidden');
    });

    test('that is not there', async () => {
      await expect(ask(at('scram_role'))).rejects.toMatchObject({
        name: 'DatabaseError',
        code: 'authentication',
      });
    });

    test('whose command fails', async () => {
      const failing = ask(at('scram_role'), { PGV_PASSWORD_COMMAND: 'echo hidden; echo hidden >&2; exit 3' });
      await expect(failing).rejects.toThrow(/PGV_PASSWORD_COMMAND failed with exit code 3/);
      await expect(failing).rejects.not.toThrow(/hidden/);
    });

    test('command runs for each connection', async () => {
      const calls = path.join(home, 'calls');
      const command = `echo x >> '${calls}'; printf '%s' '${secret}'`;
      const database = await open(at('scram_role'), { PGV_PASSWORD_COMMAND: command });
      const lane = await connectLane((await database.lane()).address);
      expect(await readFile(calls, 'utf8')).toBe('x\nx\n');
      await lane.close();
      await database.close();
    });
  });

  describe('channel binding', () => {
    const role = `scram_role:${encodeURIComponent('s€cret:x')}`;

    test.each([
      ['require', 'require'],
      ['prefer', 'require'],
      ['prefer', 'disable'],
      ['disable', 'require'],
    ])('%s with sslmode=%s', async (binding, mode) => {
      expect(await ask(at(role, `channel_binding=${binding}&sslmode=${mode}`))).toBe('scram_role');
    });

    test.each([
      ['scram in the clear', role, 'disable'],
      ['a clear password', 'open_role:open', 'require'],
      ['md5', 'md5_role:old', 'require'],
      ['no authentication', 'tls_only', 'require'],
    ])('require refuses %s', async (_, who, mode) => {
      const failing = ask(at(who, `channel_binding=require&sslmode=${mode}`));
      await expect(failing).rejects.toThrow(/channel_binding=require/);
    });

    test('require asks for no password that would go over unbound', async () => {
      const asked = path.join(home, 'asked');
      const env = { PGV_PASSWORD_COMMAND: `touch '${asked}'; echo open` };
      await expect(ask(at('open_role', 'channel_binding=require&sslmode=require'), env)).rejects.toThrow(
        /channel_binding/,
      );
      expect(existsSync(asked)).toBe(false);
      expect(await ask(at('open_role', 'sslmode=require'), env)).toBe('open_role');
      expect(existsSync(asked)).toBe(true);
    });
  });

  describe('several hosts', () => {
    const both = (role: string, parameters = '') =>
      `postgresql://${role}@127.0.0.1:1,127.0.0.1:${port}/postgres?${parameters}`;

    test('are tried in order', async () => {
      const database = await open(both('postgres'));
      expect(database.target.description).toBe(`postgres on 127.0.0.1:${port} as postgres`);
      const { address } = await database.lane();
      expect(address).toMatchObject({ settings: { hosts: [{ host: '127.0.0.1', port: Number(port) }] } });
      const lane = await connectLane(structuredClone(address));
      await lane.close();
      await database.close();
    });

    test('whose right one refuses the password are not tried on', async () => {
      const failing = ask(`postgresql://scram_role:wrong@127.0.0.1:${port},127.0.0.1:${port}/postgres`);
      await expect(failing).rejects.toMatchObject({ sqlstate: '28P01' });
      await expect(failing).rejects.not.toThrow(/hosts/);
    });

    test('of which none answers', async () => {
      const failing = ask('postgresql://127.0.0.1:1,127.0.0.1:2/postgres');
      await expect(failing).rejects.toMatchObject({
        code: 'no-server',
        message:
          'none of 2 hosts can be used: 127.0.0.1:1 refuses connections; 127.0.0.1:2 refuses connections',
      });
    });

    test('by what the server is', async () => {
      for (const wish of ['any', 'read-write', 'primary', 'prefer-standby']) {
        expect(await ask(both('postgres', `target_session_attrs=${wish}`))).toBe('postgres');
      }
      for (const wish of ['standby', 'read-only']) {
        await expect(ask(at('postgres', `target_session_attrs=${wish}`))).rejects.toThrow(
          `target_session_attrs=${wish}`,
        );
      }
      const options = 'options=-c%20default_transaction_read_only%3Don';
      expect(await ask(at('postgres', `target_session_attrs=read-only&${options}`))).toBe('postgres');
      await expect(ask(at('postgres', `target_session_attrs=read-write&${options}`))).rejects.toThrow(
        /read-write/,
      );
    });
  });

  test('a unix socket', async () => {
    const { socketDirectory } = server;
    if (socketDirectory === null) return;
    const host = encodeURIComponent(socketDirectory);
    expect(await ask(`postgresql://postgres@/postgres?host=${host}&port=${port}&sslmode=require`)).toBe(
      'postgres',
    );
    expect(await ask(`postgresql://postgres@${host}:${port}/postgres`)).toBe('postgres');
    expect(
      await ask(
        `host=${socketDirectory} port=${port} user=postgres dbname=postgres`,
        {},
        'inet_server_addr()',
      ),
    ).toBeNull();
    await expect(ask(`postgresql://${host}:1/postgres`)).rejects.toMatchObject({ code: 'no-server' });
  });

  test('session settings from options, schema and PGTZ', async () => {
    const url = at('postgres', 'schema=My%20App&options=-c%20work_mem%3D7MB');
    const expression =
      "concat_ws(' ', current_setting('search_path'), current_setting('work_mem'), current_setting('timezone'))";
    expect(await ask(url, { PGTZ: 'Asia/Kolkata' }, expression)).toBe('"My App" 7MB Asia/Kolkata');
  });

  test('the variables of node-postgres that libpq has not, and those already overruled, change nothing', async () => {
    const names = ['PGOPTIONS', 'PGAPPNAME', 'PGHOST', 'PGSSLMODE', 'PGREPLICATION'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = 'nonsense';
    try {
      expect(await ask(at('postgres'), {}, "current_setting('application_name')")).toBe('pgv');
    } finally {
      for (const [index, name] of names.entries()) {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      }
    }
  });
});

test('no server', async () => {
  home = await temporaryDirectory();
  await expect(ask('postgresql://127.0.0.1:1/postgres')).rejects.toMatchObject({
    name: 'DatabaseError',
    code: 'no-server',
    message: '127.0.0.1:1 refuses connections',
    hint: expect.stringContaining('embedded database in ./.pgv'),
  });
  await expect(ask('postgresql://no-such-host.invalid/postgres')).rejects.toMatchObject({
    code: 'no-server',
  });
});

test('connect_timeout holds for a server that never answers', async () => {
  home = await temporaryDirectory();
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const before = Date.now();
  const failing = ask(`postgresql://127.0.0.1:${address.port}/postgres?connect_timeout=2`);
  await expect(failing).rejects.toThrow(/did not answer in time/);
  expect(Date.now() - before).toBeLessThan(4000);
  silent.close();
});
