import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { command } from '../command.ts';
import { Unavailable } from '../unavailable.ts';

const SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Fetches packages of Debian 13 and all they depend on, with an apt state that knows of no installed package.
 * @param work a folder for apt and for the packages
 * @returns the paths of the packages
 * @throws Unavailable where there is no apt, no mirror, or one that does not answer
 */
export async function downloadPackages(work: string, packages: readonly string[]): Promise<string[]> {
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
  const install = ['install', '-y', '--download-only', '--no-install-recommends', ...options, ...packages];
  await command('apt-get', install, { seconds: 300 });
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  return files.map((name) => path.join(archives, name));
}

/** The mirror that this system's own apt sources name; it carries the other suites of Debian too. */
async function debianMirror(): Promise<string> {
  const uris = await command('apt-get', ['update', '--print-uris']);
  const mirror = /'(\S+\/debian(?:\/[^/\s]+)?)\/+dists\//.exec(uris)?.[1];
  if (mirror === undefined) throw new Unavailable('no Debian mirror among the apt sources of this system');
  return mirror;
}
