import { chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { command } from '../command.ts';
import { debianTree, type Recipe } from '../debian/tree.ts';
import { Unavailable } from '../unavailable.ts';

/** The user that the server runs as, inside the tree; outside, no account of that number is needed. */
export const POSTGRES_UID = 70;
/** The server's programs, as they are named inside the tree. */
export const BIN = '/usr/lib/postgresql/17/bin';
/** An initialised data directory that every cluster starts as a copy of, inside the tree. */
export const TEMPLATE = '/template';
/** Where clusters live, inside the tree. Short, because a socket's path may have 107 bytes. */
export const CLUSTERS = '/c';

const recipe: Recipe = {
  name: 'pg17-*-1',
  what: 'PostgreSQL 17 with pgvector (90 MB)',
  packages: ['postgresql-17-pgvector', 'dash'],
  // For PL/Perl, the compiler of the server's expressions, and translations.
  notUnpacked: /^(perl|libperl|libllvm|libz3|locales|libc-l10n)/,
  finish: async (tree) => {
    const id = POSTGRES_UID;
    await writeFile(path.join(tree, 'etc/passwd'), `postgres:x:${id}:${id}::/:/bin/sh\n`);
    await writeFile(path.join(tree, 'etc/group'), `postgres:x:${id}:\n`);
    await mkdir(path.join(tree, CLUSTERS));
    await initialise(tree);
  },
};

/**
 * The folder that holds the server, fetched when it is not there yet.
 * @throws Unavailable where it cannot be had
 */
export function serverTree(say: (line: string) => void): Promise<string> {
  return debianTree(recipe, say);
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
  if (loader === undefined) throw new Unavailable(`${folder} has no dynamic loader`);
  return [path.join(folder, loader), '--library-path', folder, path.join(tree, BIN, 'psql')];
}
