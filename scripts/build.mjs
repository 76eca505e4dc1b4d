// Bundles the sources into dist/: `node scripts/build.mjs`.
//
// Everything is bundled (one file starts faster than hundreds) but PGlite and its extension, which look for
// their WebAssembly and data files beside themselves.

import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = path.join(root, 'dist');

// Output name → source. The last two are worker threads, started through src/workers.ts.
const entries = {
  pgv: 'bin/pgv.ts',
  index: 'src/index.ts',
  'embedded-host': 'src/database/embedded/host.ts',
  'ingest-lane': 'src/operations/ingest/lane.ts',
};

const result = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(
    Object.entries(entries).filter(([, source]) => existsSync(path.join(root, source))),
  ),
  outdir,
  write: false,
  metafile: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  external: ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', 'pg-native'],
  // CommonJS packages call require(), which an ES module does not have.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  logLevel: 'warning',
});

// Written beside and renamed, so that a pgv which runs meanwhile never reads half a file.
await mkdir(outdir, { recursive: true });
for (const file of result.outputFiles) {
  const temporary = `${file.path}.${process.pid}.tmp`;
  await writeFile(temporary, file.contents);
  if (path.basename(file.path) === 'pgv.js') await chmod(temporary, 0o755);
  await rename(temporary, file.path);
}

const written = new Set(result.outputFiles.map((file) => path.basename(file.path)));
for (const name of await readdir(outdir)) {
  if (!written.has(name) && !name.endsWith('.tmp')) await rm(path.join(outdir, name), { force: true });
}
