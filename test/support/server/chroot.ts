import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { command, freePort } from '../command.ts';
import { Unavailable } from '../unavailable.ts';
import { BIN, CLUSTERS, inside, POSTGRES_UID, psqlOf, serverTree, TEMPLATE } from './debian-tree.ts';
import { isRunning, type Keeper, keeper } from './keeper.ts';
import { localUrl, type OwnServer, type ServerOptions } from './test-server.ts';

/** A unix socket's address has room for 108 bytes, the last of them zero. */
const LONGEST_SOCKET_PATH = 107;

/** The copy of the tree in the folder of a cluster that needs one. */
const OWN_ROOT = 'root';

/** $1 the root to enter, $2 the data directory inside it, $3 the cluster's folder outside. */
const STOP_AND_REMOVE = `chroot --userspec=${POSTGRES_UID}:${POSTGRES_UID} "$1" ${BIN}/pg_ctl stop -s -m immediate -D "$2"; rm -rf -- "$3"`;

/** One cluster: its data and its socket, gone when the server is. */
interface Cluster {
  /** The folder to chroot into: the tree, or this cluster's own copy of it. */
  root: string;
  /** The cluster's folder, as it is called inside the root. */
  inner: string;
  /** What to remove with the cluster. */
  folder: string;
}

/**
 * Starts a server from Debian's packages (see debian-tree.ts), with a cluster and a port of its own.
 * @throws Unavailable with what went wrong
 */
export async function startInChroot(options: ServerOptions, say: (line: string) => void): Promise<OwnServer> {
  const tree = await serverTree(say);
  await removeOrphans(tree);
  const folder = await mkdtemp(path.join(tree, CLUSTERS, `${process.pid}-`));
  const cluster = clusterIn(tree, folder, options.withoutPgvector === true);
  const guard = stopper(cluster);
  try {
    await createRoot(tree, cluster);
    await configure(tree, cluster, options);
    const port = await start(cluster);
    const socketDirectory = path.join(cluster.root, cluster.inner, 's');
    const socketPath = path.join(socketDirectory, `.s.PGSQL.${port}`);
    return {
      description: `PostgreSQL 17 of Debian's packages in ${tree}, port ${port}`,
      url: localUrl(port),
      socketDirectory: Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH ? null : socketDirectory,
      psql: {
        command: await psqlOf(tree),
        environment: {
          PGHOST: '127.0.0.1',
          PGPORT: String(port),
          PGUSER: 'postgres',
          PGDATABASE: 'postgres',
        },
      },
      stop: () => guard.release(),
    };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

function clusterIn(tree: string, folder: string, ownRoot: boolean): Cluster {
  if (ownRoot) return { root: path.join(folder, OWN_ROOT), inner: '/h', folder };
  return { root: tree, inner: path.join(CLUSTERS, path.basename(folder)), folder };
}

function stopper({ root, inner, folder }: Cluster): Keeper {
  return keeper(STOP_AND_REMOVE, [root, `${inner}/data`, folder]);
}

/** PostgreSQL 17 looks for extensions in one folder only, so a server without one gets a root without it. */
async function createRoot(tree: string, { root, inner, folder }: Cluster): Promise<void> {
  // mkdtemp's folders are for their owner alone.
  await chmod(folder, 0o755);
  if (root === tree) return;
  await mkdir(path.join(root, inner), { recursive: true });
  const parts = (await readdir(tree)).filter((name) => `/${name}` !== CLUSTERS && `/${name}` !== TEMPLATE);
  await command('cp', ['-al', ...parts.map((name) => path.join(tree, name)), root]);
  await rm(path.join(root, 'usr/share/postgresql/17/extension/vector.control'));
}

async function configure(tree: string, cluster: Cluster, options: ServerOptions): Promise<void> {
  const data = path.join(cluster.root, cluster.inner, 'data');
  const socket = path.join(cluster.root, cluster.inner, 's');
  await command('cp', ['-a', '--reflink=auto', path.join(tree, TEMPLATE), data]);
  await mkdir(socket);
  await chown(socket, POSTGRES_UID, POSTGRES_UID);
  const trusting = await readFile(path.join(data, 'pg_hba.conf'), 'utf8');
  const files = {
    ...options.files,
    'pg_hba.conf': [...(options.hba ?? []), trusting].join('\n'),
    'postgresql.auto.conf': settingsFile({
      unix_socket_directories: `${cluster.inner}/s`,
      ...options.settings,
    }),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(data, name), content);
    await chmod(path.join(data, name), 0o600);
    await chown(path.join(data, name), POSTGRES_UID, POSTGRES_UID);
  }
}

/** postgresql.conf of a server whose data nobody will miss. */
export function settingsFile(settings: Readonly<Record<string, string>>): string {
  const all = {
    listen_addresses: '127.0.0.1',
    fsync: 'off',
    full_page_writes: 'off',
    jit: 'off',
    // In the data directory, so that it goes with it: the tree's /dev/shm is a folder like any other.
    dynamic_shared_memory_type: 'mmap',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

/** Starts the server and waits until it answers; another run may be quicker to take the free port, so tries again. */
async function start(cluster: Cluster, attempts = 3): Promise<number> {
  const port = await freePort();
  const log = path.join(cluster.root, cluster.inner, 'data/server.log');
  const [data, innerLog] = [`${cluster.inner}/data`, `${cluster.inner}/data/server.log`];
  try {
    await inside(cluster.root, 'pg_ctl', ['start', '-w', '-D', data, '-l', innerLog, '-o', `-p ${port}`]);
    return port;
  } catch (cause) {
    const said = await readFile(log, 'utf8').catch(() => (cause as Error).message);
    if (attempts > 1 && said.includes('Address already in use')) {
      await rm(log);
      return start(cluster, attempts - 1);
    }
    throw new Unavailable(`the server did not start: ${said.trim().split('\n').slice(-8).join('\n')}`, {
      cause,
    });
  }
}

/** Stops and removes what a run left that was killed together with its keeper. */
async function removeOrphans(tree: string): Promise<void> {
  for (const name of await readdir(path.join(tree, CLUSTERS))) {
    if (isRunning(Number.parseInt(name, 10))) continue;
    const folder = path.join(tree, CLUSTERS, name);
    await stopper(clusterIn(tree, folder, existsSync(path.join(folder, OWN_ROOT)))).release();
  }
}
