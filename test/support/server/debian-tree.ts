// PostgreSQL and pgvector from Debian's packages, unpacked into a folder of their own: nothing is installed, and
// the system's own packages are not touched. The folder is kept, so that only the first run downloads.

import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { command } from './command.ts';
import { isRunning } from './keeper.ts';
import { ServerUnavailable } from './test-server.ts';

/** The user that the server runs as, inside the tree; outside, no account of that number is needed. */
export const POSTGRES_UID = 70;
/** The server's programs, as they are named inside the tree. */
export const BIN = '/usr/lib/postgresql/17/bin';
/** An initialised data directory that every cluster starts as a copy of, inside the tree. */
export const TEMPLATE = '/template';
/** Where clusters live, inside the tree. Short, because a socket's path may have 107 bytes. */
export const CLUSTERS = '/c';

const SUITE = 'trixie';
const PACKAGES = ['postgresql-17-pgvector', 'dash'];
/** Dependencies that a server needs only for PL/Perl, the compiler of its expressions, and translations. */
const NOT_UNPACKED = /^(perl|libperl|libllvm|libz3|locales|libc-l10n)/;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Changes when the recipe below does, so that an old tree is not taken for a new one. */
const RECIPE = 1;

/**
 * The folder that holds the server, fetched (about 90 MB) when it is not there yet.
 * @param say called with a line before something that takes its time
 * @throws ServerUnavailable where this machine is no Debian, we are not root, or the download fails
 */
export async function debianTree(say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0) throw new ServerUnavailable('unpacking a server of our own takes root');
  const architecture = (await command('dpkg', ['--print-architecture'])).trim();
  const cache = cacheFolder();
  const tree = path.join(cache, `pg17-${architecture}-${RECIPE}`);
  if (existsSync(tree)) return tree;
  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  say('fetching PostgreSQL 17 with pgvector from the Debian mirror of this system (90 MB, once)');
  // Two runs may do this at once: each works in a folder of its own, and the first to rename it wins.
  const work = await mkdtemp(path.join(cache, `fetch-${process.pid}-`));
  try {
    const packages = await download(work);
    const unpacked = path.join(work, 'tree');
    await unpack(packages, unpacked);
    await furnish(unpacked);
    await initialise(unpacked);
    await rename(unpacked, tree).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return tree;
}

/** PGV_TEST_CACHE, else a folder among the user's caches: it outlives the checkout. */
function cacheFolder(): string {
  const { PGV_TEST_CACHE, XDG_CACHE_HOME } = process.env;
  return PGV_TEST_CACHE || path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'pgv-test');
}

async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const owner = /^fetch-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) {
      await rm(path.join(cache, name), { recursive: true, force: true });
    }
  }
}

/** Fetches the packages and all they depend on, with an apt state that knows of no installed package. */
async function download(work: string): Promise<string[]> {
  const apt = path.join(work, 'apt');
  const archives = path.join(apt, 'cache/archives');
  await mkdir(path.join(archives, 'partial'), { recursive: true });
  await mkdir(path.join(apt, 'lists/partial'), { recursive: true });
  await writeFile(path.join(apt, 'status'), '');
  const trust = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  await writeFile(path.join(apt, 'sources.list'), `deb ${trust}${await debianMirror()} ${SUITE} main\n`);
  const state = {
    'Dir::Etc::SourceList': path.join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '/nonexistent',
    'Dir::Etc::Preferences': '/nonexistent',
    'Dir::Etc::PreferencesParts': '/nonexistent',
    'Dir::State::Lists': path.join(apt, 'lists'),
    'Dir::State::Status': path.join(apt, 'status'),
    'Dir::Cache': path.join(apt, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // Else apt fetches as a user who cannot write below our home folder, and warns of it.
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(state).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await command('apt-get', ['update', ...options], { seconds: 120 });
  const install = ['install', '-y', '--download-only', '--no-install-recommends', ...options, ...PACKAGES];
  await command('apt-get', install, { seconds: 300 });
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb') && !NOT_UNPACKED.test(name));
  return files.map((name) => path.join(archives, name));
}

/** The mirror that this system's own apt sources name; it carries the other suites of Debian too. */
async function debianMirror(): Promise<string> {
  const uris = await command('apt-get', ['update', '--print-uris']);
  const mirror = /'(\S+\/debian(?:\/[^/\s]+)?)\/+dists\//.exec(uris)?.[1];
  if (mirror === undefined)
    throw new ServerUnavailable('no Debian mirror among the apt sources of this system');
  return mirror;
}

async function unpack(packages: readonly string[], tree: string): Promise<void> {
  await mkdir(tree);
  for (const file of packages) await command('dpkg', ['-x', file, tree]);
  for (const useless of ['doc', 'man', 'locale', 'perl', 'perl5']) {
    await rm(path.join(tree, 'usr/share', useless), { recursive: true, force: true });
  }
}

/** What a program expects of a root folder and no package brings. */
async function furnish(tree: string): Promise<void> {
  // mkdtemp's folders are for their owner alone, and the server has another.
  await chmod(tree, 0o755);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (existsSync(path.join(tree, 'usr', name)) && !existsSync(path.join(tree, name))) {
      await symlink(`usr/${name}`, path.join(tree, name));
    }
  }
  const devices = { null: ['1', '3'], zero: ['1', '5'], random: ['1', '8'], urandom: ['1', '9'] };
  await mkdir(path.join(tree, 'dev'), { recursive: true });
  for (const [name, numbers] of Object.entries(devices)) {
    await command('mknod', ['-m', '666', path.join(tree, 'dev', name), 'c', ...numbers]);
  }
  for (const name of ['tmp', 'dev/shm']) {
    await mkdir(path.join(tree, name), { recursive: true });
    await chmod(path.join(tree, name), 0o1777);
  }
  await mkdir(path.join(tree, 'etc'), { recursive: true });
  const id = POSTGRES_UID;
  await writeFile(path.join(tree, 'etc/passwd'), `postgres:x:${id}:${id}::/:/bin/sh\n`);
  await writeFile(path.join(tree, 'etc/group'), `postgres:x:${id}:\n`);
  await mkdir(path.join(tree, CLUSTERS));
}

async function initialise(tree: string): Promise<void> {
  await mkdir(path.join(tree, TEMPLATE));
  await chown(path.join(tree, TEMPLATE), POSTGRES_UID, POSTGRES_UID);
  const options = ['-A', 'trust', '-U', 'postgres', '--no-sync', '--locale=C.UTF-8'];
  await inside(tree, 'initdb', ['-D', TEMPLATE, ...options]);
}

/** Runs one of the server's programs inside the tree, as the server's user. */
export async function inside(tree: string, program: string, args: readonly string[]): Promise<string> {
  const user = `${POSTGRES_UID}:${POSTGRES_UID}`;
  return command('chroot', [`--userspec=${user}`, '--groups=', tree, `${BIN}/${program}`, ...args]);
}

/** A command that runs the tree's psql outside of it, where it sees the files that we see. */
export async function psqlOf(tree: string): Promise<[string, ...string[]]> {
  const libraries = (await readdir(path.join(tree, 'usr/lib'))).find((name) => name.endsWith('-linux-gnu'));
  const folder = path.join(tree, 'usr/lib', libraries ?? '');
  const loader = (await readdir(folder)).find((name) => /^ld-linux.*\.so/.test(name));
  if (loader === undefined) throw new ServerUnavailable(`${folder} has no dynamic loader`);
  return [path.join(folder, loader), '--library-path', folder, path.join(tree, BIN, 'psql')];
}
