// Programs from Debian's packages, unpacked into a folder of their own: nothing is installed, and the system's own
// packages are not touched. The folder is kept, so that only the first run downloads.

import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { command } from '../command.ts';
import { isRunning } from '../server/keeper.ts';
import { Unavailable } from '../unavailable.ts';
import { downloadPackages } from './download.ts';

/** What a tree is made of, and how. */
export interface Recipe {
  /** The folder's name among the cached ones; it changes when the recipe does, so that an old tree is not taken. */
  name: string;
  /** What is fetched, and how large it is, for the line that says so. */
  what: string;
  /** All they depend on comes with them. */
  packages: readonly string[];
  /** Files of packages that are depended on, and not needed here. */
  notUnpacked: RegExp;
  /** The last steps, in the unpacked tree. */
  finish: (tree: string) => Promise<void>;
}

/**
 * The folder that holds the programs, as a root to chroot into; made when it is not there yet.
 * @param say called with a line before something that takes its time
 * @throws Unavailable where this machine is no Debian, we are not root, or the download fails
 */
export async function debianTree(recipe: Recipe, say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0) throw new Unavailable("unpacking Debian's packages takes root");
  const architecture = (await command('dpkg', ['--print-architecture'])).trim();
  const cache = cacheFolder();
  const tree = path.join(cache, recipe.name.replace('*', architecture));
  if (existsSync(tree)) return tree;
  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  say(`fetching ${recipe.what} from the Debian mirror of this system, once`);
  // Two runs may do this at once: each works in a folder of its own, and the first to rename it wins.
  const work = await mkdtemp(path.join(cache, `fetch-${process.pid}-`));
  try {
    const packages = await downloadPackages(work, recipe.packages);
    const unpacked = path.join(work, 'tree');
    await unpack(
      packages.filter((file) => !recipe.notUnpacked.test(path.basename(file))),
      unpacked,
    );
    await furnish(unpacked);
    await recipe.finish(unpacked);
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

async function unpack(packages: readonly string[], tree: string): Promise<void> {
  await mkdir(tree);
  for (const file of packages) await command('dpkg', ['-x', file, tree]);
  for (const useless of ['doc', 'man', 'locale', 'perl', 'perl5']) {
    await rm(path.join(tree, 'usr/share', useless), { recursive: true, force: true });
  }
}

/** What a program expects of a root folder and no package brings. */
async function furnish(tree: string): Promise<void> {
  // mkdtemp's folders are for their owner alone, and programs may run as another.
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
}
