import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterwards } from '../afterwards.ts';
import { debianTree, type Recipe } from '../debian/tree.ts';
import { scratch } from '../temporary.ts';
import { Unavailable } from '../unavailable.ts';
import { DevTools } from './devtools.ts';

const recipe: Recipe = {
  name: 'chromium-*-1',
  what: 'Chromium (130 MB)',
  packages: ['chromium-headless-shell', 'fonts-dejavu-core'],
  // For a graphics card, and for scripts of packages.
  notUnpacked: /^(libllvm|libz3|libgallium|mesa-|libgl1-mesa|perl|libperl|xkb-data)/,
  finish: async (tree) => {
    for (const name of ['proc', 'pages']) await mkdir(path.join(tree, name));
  },
};

/** $1 the tree, $2 the folder of the pages: both are seen in there by this process and its children alone. */
const INSIDE =
  'mount -t proc proc "$1/proc" && mount --bind "$2" "$1/pages" && tree=$1 && shift 2 && exec chroot "$tree" "$@"';

const FLAGS = [
  '--remote-debugging-pipe',
  '--headless',
  // Our own pages alone; and root may not be confined.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--hide-scrollbars',
  '--no-first-run',
];

/** A running Chromium. */
export interface Browser {
  devTools: DevTools;
  /** Where pages are put. */
  folder: string;
  /** The address of a page in the folder. */
  urlOf: (name: string) => string;
}

/**
 * Starts a Chromium: the one that PGV_TEST_CHROMIUM names, else one unpacked from Debian's packages. It ends with
 * the test file, or with this process.
 * @throws Unavailable with the reason, where there is none
 */
export async function startChromium(): Promise<Browser> {
  const folder = await mkdtemp(path.join(scratch, 'pages-'));
  const given = process.env.PGV_TEST_CHROMIUM;
  if (given) {
    const flags = [...FLAGS, `--user-data-dir=${await mkdtemp(path.join(scratch, 'chromium-'))}`];
    const urlOf = (name: string) => pathToFileURL(path.join(folder, name)).href;
    // A wrong name is a mistake, and no reason to skip tests.
    return connect(given, flags, folder, urlOf).catch((cause: Error) => {
      throw new Error(`the browser of PGV_TEST_CHROMIUM: ${cause.message}`, { cause });
    });
  }
  const tree = await debianTree(recipe, (line) => process.stderr.write(`test browser: ${line}\n`));
  const program = ['/usr/lib/chromium/chromium-headless-shell', ...FLAGS];
  const args = ['-m', 'sh', '-c', INSIDE, 'sh', tree, folder, ...program];
  return connect('unshare', args, folder, (name) => `file:///pages/${name}`);
}

async function connect(
  program: string,
  args: readonly string[],
  folder: string,
  urlOf: Browser['urlOf'],
): Promise<Browser> {
  // It reads the protocol from file descriptor 3 and writes to 4, and ends when 3 is closed.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const devTools = new DevTools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const ended = tellingWhy(child, devTools);
  afterwards(async () => {
    (child.stdio[3] as Writable).end();
    await ended;
  });
  await devTools.send('Browser.getVersion');
  return { devTools, folder, urlOf };
}

async function tellingWhy(child: ChildProcess, devTools: DevTools): Promise<void> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const reason = await once(child, 'close').then(
    () => said.trim().split('\n').slice(-3).join('\n'),
    (error: Error) => error.message,
  );
  devTools.end(new Unavailable(`Chromium did not stay: ${reason}`));
}
