import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterwards } from '../afterwards.ts';
import { freePort } from '../command.ts';
import { debianTree, type Recipe } from '../debian/tree.ts';
import { type Keeper, keeper } from '../server/keeper.ts';
import { Unavailable } from '../unavailable.ts';

/** What it serves one client with: a session of the server, or whichever is free for each transaction. */
export type PoolMode = 'session' | 'transaction';

/** A running PgBouncer. */
export interface Pooler {
  /** The same database as the server's URL names, through the pooler. */
  through(url: string): string;
  /** Ends it at once, and every connection through it. */
  kill(): Promise<void>;
  /** Starts it again, in the same place. */
  start(): Promise<void>;
}

/** PgBouncer does not run as root; outside the tree, no account of that number is needed. */
const USER = 70;
/** Where configurations live, inside the tree. */
const CONFIGURATIONS = '/c';

const recipe: Recipe = {
  name: 'pgbouncer-*-1',
  what: 'PgBouncer (10 MB)',
  packages: ['pgbouncer'],
  // What its packages' scripts need, and the administration of servers.
  notUnpacked:
    /^(perl|libperl|postgresql|locales|libc-l10n|python|libpython|init-system|systemd|debconf|ssl-cert|openssl|coreutils|passwd|adduser)/,
  finish: async (tree) => {
    await writeFile(path.join(tree, 'etc/passwd'), `pooler:x:${USER}:${USER}::/:/bin/sh\n`);
    await mkdir(path.join(tree, CONFIGURATIONS));
  },
};

/**
 * Starts a PgBouncer from Debian's packages before the server of this URL; it ends with the test, or the file, or this
 * process.
 * @param settings further ones of its configuration, as `server_round_robin=1`
 * @throws Unavailable with the reason, where there is none
 */
export async function startPooler(
  mode: PoolMode,
  serverUrl: string,
  settings: readonly string[] = [],
): Promise<Pooler> {
  const tree = await debianTree(recipe, (line) => process.stderr.write(`test pooler: ${line}\n`));
  const port = await freePort();
  const folder = await mkdtemp(path.join(tree, CONFIGURATIONS, `${process.pid}-`));
  await chmod(folder, 0o755);
  await writeFile(
    path.join(folder, 'pgbouncer.ini'),
    configuration(mode, port, new URL(serverUrl), settings),
  );
  const config = path.join(CONFIGURATIONS, path.basename(folder), 'pgbouncer.ini');
  const sweeper = keeper('rm -rf -- "$1"', [folder]);
  let running: Keeper | undefined;
  const pooler: Pooler = {
    through(url) {
      const through = new URL(url);
      through.host = `127.0.0.1:${port}`;
      return through.href;
    },
    async kill() {
      await running?.release();
      running = undefined;
    },
    async start() {
      const user = `--userspec=${USER}:${USER}`;
      const child = spawn('chroot', [user, '--groups=', tree, '/usr/sbin/pgbouncer', config], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      running = keeper('kill -9 "$1"', [String(child.pid)]);
      await untilUp(child);
    },
  };
  afterwards(async () => {
    await pooler.kill();
    await sweeper.release();
  });
  await pooler.start();
  return pooler;
}

/** Whoever comes is let through, as the role that the server's URL names. */
function configuration(mode: PoolMode, port: number, server: URL, settings: readonly string[]): string {
  const password = server.password === '' ? '' : ` password='${decodeURIComponent(server.password)}'`;
  const role = `user='${decodeURIComponent(server.username)}'${password}`;
  return `[databases]
* = host=${server.hostname} port=${server.port} ${role}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${settings.join('\n')}
`;
}

/** It says so on stderr; what it says after that is of no interest. */
async function untilUp(child: ChildProcess): Promise<void> {
  let said = '';
  const up = new Promise<void>((resolve) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
      if (said.includes('process up')) resolve();
    });
  });
  const [error] = await Promise.race([
    up.then(() => []),
    once(child, 'exit').then(() => [said]),
    once(child, 'error').then(([cause]) => [String(cause)]),
  ]);
  if (error !== undefined) throw new Unavailable(`PgBouncer did not start: ${error.trim()}`);
  child.unref();
}
