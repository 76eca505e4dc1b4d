import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { globSync } from 'tinyglobby';

const sources = ['bin/**', 'commands/**', 'src/**', 'wasm/**', 'scripts/**', 'package-lock.json'];

/** Milliseconds that a build takes to read the sources, and more: what changed so shortly before it, it may not have. */
const reading = 10_000;

/** Builds the program into dist/ of `root`, unless it is there, as `npm ci` leaves it. @returns what the build said when it failed */
export async function buildProgram(root: string): Promise<string | null> {
  if (isBuilt(root)) return null;
  try {
    await promisify(execFile)(process.execPath, [path.join(root, 'scripts/build.mjs')], { cwd: root });
    return null;
  } catch (error) {
    const said = `the build failed: ${(error as { stderr: string }).stderr}`;
    process.stderr.write(`${said}\n`);
    return said;
  }
}

/** Whether a build by this Node came to its end, of the sources as they are. */
function isBuilt(root: string): boolean {
  const changed = (name: string) => statSync(path.join(root, name)).mtimeMs;
  try {
    // Begins with Node's version; removed when a build begins to write, and written last.
    const maker = readFileSync(path.join(root, 'dist/code-maker'), 'utf8');
    if (!maker.startsWith(`${process.version} `)) return false;
    // A folder changes with what is removed from it.
    const files = globSync(sources, { cwd: root, onlyFiles: false });
    return Math.max(...files.map(changed)) + reading < changed('dist/pgv.js');
  } catch {
    return false;
  }
}
