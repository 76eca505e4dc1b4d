import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** Counts what is compiled with code that was kept, and says so at the end. */
const counting = `
const vm = require('node:vm');
let [all, kept] = [0, 0];
vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    all++;
    if (options.cachedData !== undefined && !this.cachedDataRejected) kept++;
  }
};
process.on('exit', () => console.error(kept + ' of ' + all));`;

test('the program runs with code that was compiled before, where the very same Node made it, and else without', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pgv-load-'));
  try {
    const hook = path.join(folder, 'counting.cjs');
    await writeFile(hook, counting);
    const version = async (program: string) => {
      const run = await promisify(execFile)(process.execPath, ['--require', hook, program, '--version']);
      expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      return /(\d+) of (\d+)/.exec(run.stderr)!.slice(1).map(Number);
    };
    const [kept, all] = await version(path.join(dist, 'pgv.js'));
    expect(all).toBeGreaterThan(0);
    expect(kept).toBe(all);

    const moved = path.join(folder, 'dist');
    await cp(dist, moved, { recursive: true });
    expect((await version(path.join(moved, 'pgv.js')))[0]).toBe(0);
    const maker = (await import(path.join(moved, 'load.cjs'))).makerOfCode();
    await writeFile(path.join(moved, 'code-maker'), maker);
    expect((await version(path.join(moved, 'pgv.js')))[0]).toBe(all);
    // As another Node would be named.
    await writeFile(path.join(moved, 'code-maker'), maker.replace(process.version, 'v20.0.0'));
    expect((await version(path.join(moved, 'pgv.js')))[0]).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
