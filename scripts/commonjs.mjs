import path from 'node:path';
import { transform } from 'esbuild';

/**
 * The chunks of a bundle of ES modules as CommonJS, into which esbuild splits none.
 * @param {import('esbuild').OutputFile[]} files each with its source map
 * @param {Pick<import('esbuild').TransformOptions, 'define' | 'banner'>} ownUrl what stands for import.meta.url, for those that ask
 * @returns {Promise<{ path: string, contents: Uint8Array | string }[]>}
 */
export async function commonJs(files, ownUrl) {
  const maps = new Map(files.filter((file) => file.path.endsWith('.map')).map((map) => [map.path, map]));
  const chunks = files.filter((file) => !maps.has(file.path));
  refuseCircles(chunks);
  const converted = await Promise.all(
    chunks.map((chunk) => convert(chunk, maps.get(`${chunk.path}.map`), ownUrl)),
  );
  return converted.flat();
}

async function convert(chunk, map, ownUrl) {
  const name = path.basename(chunk.path);
  // esbuild takes the map of what it reads from the text alone.
  const code = chunk.text.replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const inline = Buffer.from(map.contents).toString('base64');
  const result = await transform(`${code}//# sourceMappingURL=data:application/json;base64,${inline}\n`, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // Of what is left to Node, all can be required.
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: name,
    logLevel: 'warning',
    ...(code.includes('import.meta.url') && ownUrl),
  });
  return [
    { path: chunk.path, contents: `${result.code}//# sourceMappingURL=${name}.map\n` },
    { path: `${chunk.path}.map`, contents: result.map },
  ];
}

/** In a circle a CommonJS module would see another before it has run, which an ES module does not. */
function refuseCircles(chunks) {
  const imports = new Map(
    chunks.map(({ path: file, text }) => [
      path.basename(file),
      Array.from(text.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g), ([, name]) => name),
    ]),
  );
  const done = new Set();
  const visit = (name, above) => {
    if (above.includes(name)) throw new Error(`chunks import each other: ${[...above, name].join(' → ')}`);
    if (done.has(name)) return;
    for (const below of imports.get(name)) visit(below, [...above, name]);
    done.add(name);
  };
  for (const name of imports.keys()) visit(name, []);
}
