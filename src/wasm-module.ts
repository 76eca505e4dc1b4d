import { readFileSync } from 'node:fs';
import { type BuiltFile, builtFile } from './built-files.ts';

/** As far as we need it: it belongs to the browser's types, which we have not. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { exports: unknown };
  };
};

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @param pages of 64 KB */
  grow: (pages: number) => number;
}

/** What a built module of WebAssembly exports; null where it cannot be had: its twin is slower, and no less right. */
export function loadWasm<Exports extends { memory: WasmMemory }>(file: BuiltFile): Exports | null {
  try {
    const module = new WebAssembly.Module(readFileSync(builtFile(file)));
    return new WebAssembly.Instance(module).exports as Exports;
  } catch {
    return null;
  }
}

/** Gives the memory so many bytes at least. What was made of its buffer before must be made anew. */
export function growMemory(memory: WasmMemory, length: number): void {
  const missing = length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 2 ** 16));
}
