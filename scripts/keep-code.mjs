import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs the built program's main jobs, so that V8 compiles what they need, and keeps that beside its sources. Where that
 * fails, the program is as good without.
 * @param {string} root of the project
 */
export async function keepCode(root) {
  const dist = path.join(root, 'dist');
  const fixture = path.join(root, 'fixtures/packages.csv');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pgv-build-'));
  const pgv = (...args) => {
    const preloaded = ['--require', path.join(root, 'scripts/keep-code.cjs')];
    return run(process.execPath, [...preloaded, path.join(dist, 'pgv.js'), ...args], {
      cwd: folder,
      env: ownEnvironment(),
    });
  };
  try {
    await pgv('--help');
    await pgv('ingest', fixture, '-t', 'docs');
    await pgv('search', '--id', '1');
    await pgv('export', '-o', 'docs.npy');
    await pgv('index', 'list');
    await pgv('ingest', 'docs.npy', '-t', 'vectors');
    // By a thread, as nobody knows how much comes.
    const streamed = pgv('ingest', '-', '-t', 'streamed');
    streamed.child.stdin.end(await readFile(fixture));
    await streamed;
    // There is no server that it could be built with: of the way to one, it keeps what leads up to the answer.
    await pgv('search', '--id', '1', '-t', 'docs', '-d', 'postgres://pgv@127.0.0.1:1/none').catch(() => {});
    const { makerOfCode } = createRequire(import.meta.url)(path.join(dist, 'load.cjs'));
    // Last: from now on the code counts.
    await writeFile(path.join(dist, 'code-maker'), makerOfCode());
  } catch (error) {
    process.stderr.write(`pgv is built without its compiled code: ${error.message}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nothing of whoever builds decides which database that is. */
function ownEnvironment() {
  const others = /^(?:PG|DATABASE_URL|DIRECT_URL|NODE_OPTIONS)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !others.test(name)));
}
