import { growMemory, loadWasm, type WasmMemory } from '../wasm-module.ts';
import { scales, scalesLength } from './shortest.ts';

/** What wasm/print-floats.ts exports. Addresses are bytes into its memory. */
interface PrintModule {
  memory: WasmMemory;
  printFloats: (at: number, count: number, scales: number, out: number) => number;
  printHalves: (at: number, count: number, scales: number, out: number) => number;
}

/** Numbers printed at a time: what they take stays in the processor's cache. */
const mostNumbers = 2048;

/** Our part of the memory, behind what the compiler uses: the table of scales, the numbers, then their text. */
const scalesAt = 4096;
const numbersAt = scalesAt + scalesLength;
const textAt = numbersAt + 4 * mostNumbers;
/** With the comma; behind the last, sixteen bytes are written over. */
const textLength = 16 * mostNumbers + 16;

/** Undefined until it is asked for; null where there is no module, and the plain twin prints everything. */
let loaded: LoadedModule | null | undefined;

/**
 * printFloats (print-floats.ts) by WebAssembly, a comma behind the last number too. The numbers must be finite.
 * @returns where the text ends, without that comma; −1 where the plain twin must print
 */
export function printByWasm(
  values: Float32Array | Uint16Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): number {
  loaded ??= load();
  return loaded === null ? -1 : loaded.print(values, from, to, out, at) - 1;
}

class LoadedModule {
  private readonly module: PrintModule;
  private readonly floats: Float32Array;
  private readonly halves: Uint16Array;
  private readonly text: Uint8Array;

  constructor(module: PrintModule) {
    const { memory } = module;
    growMemory(memory, textAt + textLength);
    new Int32Array(memory.buffer, scalesAt).set(scales());
    this.module = module;
    this.floats = new Float32Array(memory.buffer, numbersAt, mostNumbers);
    this.halves = new Uint16Array(memory.buffer, numbersAt, mostNumbers);
    this.text = new Uint8Array(memory.buffer, textAt, textLength);
  }

  print(values: Float32Array | Uint16Array, from: number, to: number, out: Uint8Array, at: number): number {
    for (let start = from; start < to; start += mostNumbers) {
      const count = Math.min(mostNumbers, to - start);
      const length = this.printSome(values.subarray(start, start + count));
      out.set(this.text.subarray(0, length), at);
      at += length;
    }
    return at;
  }

  /** @returns the text's length */
  private printSome(values: Float32Array | Uint16Array): number {
    const { module } = this;
    if (values instanceof Uint16Array) {
      this.halves.set(values);
      return module.printHalves(numbersAt, values.length, scalesAt, textAt) - textAt;
    }
    this.floats.set(values);
    return module.printFloats(numbersAt, values.length, scalesAt, textAt) - textAt;
  }
}

function load(): LoadedModule | null {
  const module = loadWasm<PrintModule>('print-floats.wasm');
  return module === null ? null : new LoadedModule(module);
}
