import { readFile } from 'node:fs/promises';

/**
 * Has pg load what it computes passwords with when it does: Node takes 5 ms for it, and where no password is asked for,
 * as over a socket or with a certificate, it is of no use.
 * @type {import('esbuild').Plugin}
 */
export const lazyCrypto = {
  name: 'lazy-crypto',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]pg[\\/]lib[\\/]crypto[\\/]utils\.js$/ }, async ({ path }) => ({
      contents: `let loaded;
function load() {
  if (loaded !== undefined) return loaded;
  const module = { exports: {} };
  ${await readFile(path, 'utf8')}
  loaded = module.exports;
  return loaded;
}
module.exports = new Proxy({}, { get: (_, name) => load()[name] });
`,
    }));
  },
};
