// Bundles the sources into dist/: `node scripts/build.mjs`.
//
// Everything is bundled (one file starts faster than hundreds) but PGlite, its extension and zstd, which look for
// their WebAssembly and data files beside themselves. What is run is CommonJS: Node has the program running 25 ms
// earlier than the same as ES modules, and a worker thread 20 ms; and bin/load.cjs loads it, with code that is compiled
// already, for another 25 ms.

import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import assemblyscript from 'assemblyscript/asc';
import { build } from 'esbuild';
import { commonJs } from './commonjs.mjs';
import { keepCode } from './keep-code.mjs';
import { lazyCrypto } from './lazy-crypto.mjs';
import { licences } from './licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = path.join(root, 'dist');

// Output name → source. Lanes are worker threads, which src/built-files.ts finds, and the host too.
const program = {
  pgv: 'bin/pgv.ts',
  'ingest-lane': 'src/operations/ingest/lane-thread.ts',
  'export-lane': 'src/operations/export/lane.ts',
};
const library = { index: 'src/index.ts' };
const host = { 'embedded-host': 'src/database/embedded/host.ts' };

const shared = {
  absWorkingDir: root,
  outdir,
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // What is shorter is read earlier; names stay, for whoever reads a stack.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  external: ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', '@bokuweb/zstd-wasm', 'pg-native'],
  plugins: [lazyCrypto],
  logLevel: 'warning',
};
// pg asks whether it runs on Cloudflare, and on Node 20, which has no navigator, by making a Response: in each thread
// that would load all of fetch, for 40 ms.
const define = { navigator: '{ "userAgent": "Node.js" }' };

// CommonJS packages call require(), which an ES module does not have.
const require = {
  js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
};
// CommonJS has its file's name for the URL that an ES module has.
const ownUrl = {
  define: { 'import.meta.url': 'ownUrl' },
  banner: "const ownUrl = require('node:url').pathToFileURL(__filename).href;",
};

const [split, whole] = await Promise.all([
  build({
    ...shared,
    entryPoints: program,
    // Another text has another name: a pgv that runs meanwhile goes on with its own.
    entryNames: '[name]-[hash]',
    splitting: true,
    format: 'esm',
    define,
  }),
  build({
    ...shared,
    entryPoints: { ...library, ...host },
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    define,
    banner: require,
  }),
]);
const outputFiles = [
  { path: path.join(outdir, 'load.cjs'), contents: await readFile(path.join(root, 'bin/load.cjs')) },
  // The project's own says that .js is an ES module.
  { path: path.join(outdir, 'package.json'), contents: '{ "type": "commonjs" }\n' },
  ...(await commonJs(split.outputFiles, ownUrl)),
  ...Object.entries(split.metafile.outputs).flatMap(beginning),
  ...whole.outputFiles,
  {
    path: path.join(outdir, 'licences.txt'),
    contents: await licences(root, [split.metafile, whole.metafile]),
  },
];

await mkdir(outdir, { recursive: true });
// What was compiled belongs to what is replaced now.
await rm(path.join(outdir, 'code-maker'), { force: true });
// Written beside and renamed, so that a pgv which runs meanwhile never reads half a file.
for (const file of outputFiles) {
  const temporary = `${file.path}.${process.pid}.tmp`;
  await writeFile(temporary, file.contents);
  if (path.basename(file.path) === 'pgv.js') await chmod(temporary, 0o755);
  await rename(temporary, file.path);
}

await copyFile(await packEmptyDatabase(), path.join(outdir, 'embedded.tar.gz'));
const modules = ['floats', 'print-floats', 'scan-floats'];
for (const name of modules) await compileModule(`wasm/${name}.ts`, path.join(outdir, `${name}.wasm`));

const assets = ['embedded.tar.gz', ...modules.map((name) => `${name}.wasm`)];
const written = new Set([...assets, ...outputFiles.map((file) => path.basename(file.path))]);
for (const name of await readdir(outdir)) {
  if (!written.has(name) && !name.endsWith('.tmp')) await rm(path.join(outdir, name), { force: true });
}
await keepCode(root);

/** What an entry is run by: the program by its name, a lane's thread by its file. */
function beginning([file, { entryPoint }]) {
  const [name] = Object.entries(program).find(([, source]) => source === entryPoint) ?? [];
  if (name === undefined) return [];
  const contents = `require('./load.cjs').load('${path.basename(file)}');\n`;
  return name === 'pgv'
    ? [{ path: path.join(outdir, 'pgv.js'), contents: `#!/usr/bin/env node\n${contents}` }]
    : [{ path: path.join(outdir, `${name}.cjs`), contents }];
}

/** Compiles AssemblyScript to WebAssembly; without a runtime, as it allocates nothing. */
async function compileModule(source, target) {
  const temporary = `${target}.${process.pid}.tmp`;
  const options = [
    source,
    '--outFile',
    temporary,
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--use',
    'abort=',
    '--enable',
    'simd',
  ];
  const { error, stderr } = await assemblyscript.main(options, { cwd: root });
  if (error) throw new Error(`${source} does not compile: ${stderr}`);
  await rename(temporary, target);
}

/**
 * Packs an empty embedded database, so that a new one is unpacked in a third of a second instead of made by initdb
 * in two. Made once for each version of PGlite, and kept.
 * @returns {Promise<string>} the archive's path
 */
async function packEmptyDatabase() {
  const manifest = path.join(root, 'node_modules/@electric-sql/pglite/package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8'));
  const archive = path.join(root, '.cache', `embedded-${version}.tar.gz`);
  if (existsSync(archive)) return archive;
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create();
  await database.exec('CHECKPOINT');
  const dump = await database.dumpDataDir('none');
  await database.close();
  const packed = gzipSync(new Uint8Array(await dump.arrayBuffer()), { level: 9 });
  await mkdir(path.dirname(archive), { recursive: true });
  await writeFile(`${archive}.${process.pid}`, packed);
  await rename(`${archive}.${process.pid}`, archive);
  return archive;
}
