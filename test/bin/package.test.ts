import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
/** What is tried, and done without: https://github.com/thecodrr/fdir asks for a matcher, and pg for its other half. */
const doneWithout = ['pg-native', 'picomatch'];

test('the package holds what is run, the licences of what is in it, and asks for no package but its dependencies', async () => {
  const files = await packed();
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/pgv.js',
      'dist/load.cjs',
      'dist/index.mjs',
      'dist/embedded-host.mjs',
      'dist/embedded.tar.gz',
      'dist/ingest-lane.cjs',
      'dist/export-lane.cjs',
      'dist/floats.wasm',
      'LICENSE',
      'README.md',
    ]),
  );
  expect(files.filter((file) => /(\.map|code|code-maker|\.ts|\.tmp)$/.test(file))).toEqual([]);
  const { dependencies } = JSON.parse(await text('package.json'));
  const asked = new Set<string>();
  for (const file of files.filter((name) => /\.(js|cjs|mjs)$/.test(name))) {
    const names = (await text(file)).matchAll(
      /(?:require|import)\("([^."][^"]*)"\)|[;}\n]import\b[^;"]*"([^."][^"]*)"/g,
    );
    for (const [, required, imported] of names) asked.add((required ?? imported)!);
  }
  const packages = [...asked].filter((name) => !isBuiltin(name) && !doneWithout.includes(name));
  expect(packages.sort()).toEqual(Object.keys(dependencies).sort());
  const licences = await text('dist/licences.txt');
  expect(licences).toMatch(/^pg \d.*\n\nMIT License/m);
  expect(licences).not.toContain('undefined');
});

async function packed(): Promise<string[]> {
  const run = promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: fileURLToPath(root),
    maxBuffer: 1e7,
  });
  const [{ files }] = JSON.parse((await run).stdout);
  return files.map((file: { path: string }) => file.path);
}

function text(file: string): Promise<string> {
  return readFile(new URL(file, root), 'utf8');
}
