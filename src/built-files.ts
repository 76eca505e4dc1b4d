/** Files that scripts/build.mjs makes and that are found at run time: the worker threads', a module, a database. */
export type BuiltFile =
  | 'embedded-host.mjs'
  | 'embedded.tar.gz'
  | 'export-lane.cjs'
  | 'floats.wasm'
  | 'ingest-lane.cjs'
  | 'print-floats.wasm'
  | 'scan-floats.wasm';

/**
 * Such a file: beside the bundle, or in `dist/` when the sources run by themselves (the tests), as Node 20 cannot
 * run TypeScript in a worker thread.
 */
export function builtFile(name: BuiltFile): URL {
  const folder = import.meta.url.endsWith('.ts') ? '../dist/' : './';
  return new URL(`${folder}${name}`, import.meta.url);
}
