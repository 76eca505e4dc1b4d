import { growMemory, loadWasm, type WasmMemory } from '../wasm-module.ts';
import { powersOfTen } from './float32.ts';
import { maxDimensions } from './limits.ts';

/** What wasm/scan-floats.ts exports. Addresses are bytes into its memory. */
interface ScanModule {
  memory: WasmMemory;
  scan: (start: number, end: number, close: number, powers: number, out: number, limit: number) => number;
}

/** Our part of the memory, behind what the compiler uses: powers of ten, the floats read, then the text. */
const powersAt = 4096;
const floatsAt = powersAt + powersOfTen.byteLength;
const textAt = floatsAt + 4 * Math.max(maxDimensions.vector, maxDimensions.halfvec);
/** Behind the text, as the module reads sixteen bytes at a time. */
const slack = 32;

/** Undefined until it is asked for; null where there is no module, and the plain twin reads everything. */
let loaded: LoadedModule | null | undefined;

/**
 * scanFloats (scan.ts) for plain lists, by WebAssembly.
 * @returns how many were read, or −1 where the plain twin must look
 */
export function scanByWasm(
  bytes: Uint8Array,
  start: number,
  end: number,
  close: number,
  out: Float32Array,
  at: number,
  limit: number,
): number {
  loaded ??= load();
  return loaded === null ? -1 : loaded.scan(bytes.subarray(start, end), close, out, at, limit);
}

class LoadedModule {
  private readonly module: ScanModule;
  private text: Uint8Array;
  private floats: Float32Array;

  constructor(module: ScanModule) {
    this.module = module;
    this.text = new Uint8Array(0);
    this.floats = new Float32Array(0);
    this.makeRoom(2 ** 17);
  }

  scan(text: Uint8Array, close: number, out: Float32Array, at: number, limit: number): number {
    if (text.length + slack > this.text.length) this.makeRoom(text.length + slack);
    this.text.set(text);
    const count = this.module.scan(textAt, textAt + text.length, close, powersAt, floatsAt, limit);
    if (count > 0) out.set(count === this.floats.length ? this.floats : this.floats.subarray(0, count), at);
    return count;
  }

  /** Memory that has grown is another buffer: the views are made anew, and the powers written again. */
  private makeRoom(textLength: number): void {
    const { memory } = this.module;
    growMemory(memory, textAt + textLength);
    new Float64Array(memory.buffer, powersAt, powersOfTen.length).set(powersOfTen);
    this.floats = new Float32Array(memory.buffer, floatsAt, (textAt - floatsAt) / 4);
    this.text = new Uint8Array(memory.buffer, textAt);
  }
}

function load(): LoadedModule | null {
  const module = loadWasm<ScanModule>('scan-floats.wasm');
  return module === null ? null : new LoadedModule(module);
}
