/** The worker threads that scripts/build.mjs builds, each into a file of its own. */
export type WorkerName = 'embedded-host' | 'ingest-lane';

/**
 * The file to start a worker thread from: beside the bundle, or in `dist/` when the sources run by themselves
 * (the tests), as Node 20 cannot run TypeScript in a worker thread.
 */
export function workerFile(name: WorkerName): URL {
  const folder = import.meta.url.endsWith('.ts') ? '../dist/' : './';
  return new URL(`${folder}${name}.js`, import.meta.url);
}
