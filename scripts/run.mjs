// Runs a TypeScript file by itself, as Node 20 cannot: `node scripts/run.mjs bench/ingest.ts [arguments]`.
// It is bundled with what it imports of ours; packages are left where they are.

import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write('usage: node scripts/run.mjs <file.ts> [arguments]\n');
  process.exit(2);
}

// Inside node_modules, so that the packages are found from there.
const folder = path.join(root, 'node_modules/.cache/pgv-run');
const bundle = path.join(folder, `${path.basename(script, '.ts')}-${process.pid}.mjs`);

/** Files that look for others beside themselves must not find themselves in the bundle's folder. */
const ownUrl = {
  name: 'own-url',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async (file) => ({
      contents: (await readFile(file.path, 'utf8')).replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(file.path).href),
      ),
      loader: 'ts',
    }));
  },
};

await mkdir(folder, { recursive: true });
await build({
  entryPoints: [path.resolve(script)],
  outfile: bundle,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  sourcesContent: false,
  plugins: [ownUrl],
  logLevel: 'warning',
});
process.argv = [process.argv[0], path.resolve(script), ...args];
process.setSourceMapsEnabled(true);
try {
  await import(pathToFileURL(bundle).href);
} finally {
  await rm(bundle, { force: true });
}
