import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

// TypeScript's types of the browser, which has it too, are not ours.
const shared = globalThis as unknown as {
  WebAssembly: { compile(bytes: Uint8Array): Promise<object> };
  codeOfEmbeddedDatabase?: Promise<object>;
};

/**
 * Keeps the code of the embedded database for as long as this process lives. V8 gives the same code to every thread that
 * compiles the same bytes while any has it: so each opening finds compiled what those before it have used.
 */
export async function keepCode(): Promise<void> {
  const folder = path.dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  shared.codeOfEmbeddedDatabase ??= readFile(path.join(folder, 'pglite.wasm')).then((bytes) =>
    shared.WebAssembly.compile(bytes),
  );
  await shared.codeOfEmbeddedDatabase;
}
