import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs the built program's main jobs, so that V8 compiles what they need, and keeps that beside its sources.
 * @param {string} root of the project
 */
export async function keepCode(root) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pgv-build-'));
  const pgv = (...args) => {
    const preloaded = ['--require', path.join(root, 'scripts/keep-code.cjs')];
    // Nothing of whoever builds decides which database that is.
    const env = { PATH: process.env.PATH, HOME: folder };
    return run(process.execPath, [...preloaded, path.join(root, 'dist/pgv.js'), ...args], {
      cwd: folder,
      env,
    });
  };
  try {
    await pgv('--help');
    await pgv('ingest', path.join(root, 'fixtures/packages.csv'), '-t', 'docs');
    await pgv('search', '--id', '1');
    await pgv('export', '-o', 'docs.npy');
    await pgv('index', 'list');
    // There is no server that it could be built with: of the way to one, it keeps what leads up to the answer.
    await pgv('search', '--id', '1', '-d', 'postgres://pgv@127.0.0.1:1/none').catch(() => {});
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
