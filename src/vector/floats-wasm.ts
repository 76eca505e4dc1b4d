import { growMemory, loadWasm, type WasmMemory } from '../wasm-module.ts';

/** What wasm/floats.ts exports. Addresses are bytes into its memory. */
interface FloatsModule {
  memory: WasmMemory;
  swapRows: (
    from: number,
    fromStride: number,
    to: number,
    toStride: number,
    count: number,
    rows: number,
  ) => void;
  allFinite: (at: number, count: number) => number;
  writeTuples: (
    from: number,
    stride: number,
    to: number,
    count: number,
    rows: number,
    frame: number,
    before: number,
    behind: number,
    numberAt: number,
    number: number,
  ) => number;
}

/** Behind what the compiler uses. */
const ownFrom = 4096;

/** Memory from which rows of float32s are put in order into other memory. */
export interface RowSwapper {
  from: Uint8Array<ArrayBuffer>;
  to: Uint8Array<ArrayBuffer>;
  /**
   * Reverses the bytes of `count` float32s a row: those from byte `at` of `from` on, to where they begin at byte `toAt` of `to`.
   * @param strides bytes from a row to the next
   */
  swap: (
    at: number,
    toAt: number,
    strides: { from: number; to: number },
    count: number,
    rows: number,
  ) => void;
}

/** New memory of so many bytes each, never moved; undefined where there is no module. */
export function rowSwapper(fromLength: number, toLength: number): RowSwapper | undefined {
  const module = withMemory(fromLength + toLength);
  if (module === null) return undefined;
  const toFrom = ownFrom + fromLength;
  return {
    from: new Uint8Array(module.memory.buffer, ownFrom, fromLength),
    to: new Uint8Array(module.memory.buffer, toFrom, toLength),
    swap: (at, toAt, strides, count, rows) =>
      module.swapRows(ownFrom + at, strides.from, toFrom + toAt, strides.to, count, rows),
  };
}

/** What stands round the floats of each tuple. */
export interface TupleFrame {
  /** Up to 32 bytes each. */
  before: Uint8Array;
  behind: Uint8Array;
  /** Where in the tuple the row's number goes, as int64; undefined: nowhere. */
  numberAt: number | undefined;
}

/** Memory from which rows of float32s become COPY's tuples in other memory. */
export interface TupleMemory {
  from: Uint8Array<ArrayBuffer>;
  to: Uint8Array<ArrayBuffer>;
  /**
   * Writes the tuples of `rows` rows of `count` float32s, the first at byte `at` of `from`, to byte `toAt` of `to` on.
   * @param stride bytes from a row to the next
   * @param number of the first
   * @returns whether no float is NaN or infinite
   */
  write: (at: number, stride: number, count: number, rows: number, toAt: number, number: number) => boolean;
}

/** Bytes of a part of a tuple's frame. */
const framePart = 32;

/** New memory of so many bytes each, never moved; undefined where there is no module. */
export function tupleMemory(
  { before, behind, numberAt = -1 }: TupleFrame,
  fromLength: number,
  toLength: number,
): TupleMemory | undefined {
  const fromAt = ownFrom + 2 * framePart;
  const toAt = fromAt + fromLength;
  const module = withMemory(toAt - ownFrom + toLength + framePart);
  if (module === null) return undefined;
  const { buffer } = module.memory;
  new Uint8Array(buffer).set(before, ownFrom);
  new Uint8Array(buffer).set(behind, ownFrom + framePart);
  const sizes = [before.length, behind.length] as const;
  return {
    from: new Uint8Array(buffer, fromAt, fromLength),
    to: new Uint8Array(buffer, toAt, toLength),
    write: (at, stride, count, rows, to, number) =>
      module.writeTuples(fromAt + at, stride, toAt + to, count, rows, ownFrom, ...sizes, numberAt, number) !==
      0,
  };
}

/** Float32s that are looked at in one go: they stay in the cache that is nearest to the processor. */
const checkedAtOnce = 2 ** 13;
let checker: { module: FloatsModule; floats: Float32Array } | null | undefined;

/** Whether none is NaN or infinite. */
export function allFinite(floats: Float32Array): boolean {
  if (checker === undefined) checker = makeChecker();
  if (checker === null) return plainAllFinite(floats);
  const { module, floats: room } = checker;
  for (let from = 0; from < floats.length; from += checkedAtOnce) {
    const some = floats.subarray(from, from + checkedAtOnce);
    room.set(some);
    if (!module.allFinite(ownFrom, some.length)) return false;
  }
  return true;
}

const exponent = 0x7f800000;
const lowestExponentBit = 0x00800000;

/**
 * Without a branch an element: all bits of the exponent are set in NaN and infinity alone, and adding to them
 * carries into the sign.
 * @internal exported for the test that compares the two
 */
export function plainAllFinite(floats: Float32Array): boolean {
  const patterns = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  let carry = 0;
  for (let i = 0; i < patterns.length; i++) carry |= (patterns[i]! & exponent) + lowestExponentBit;
  return carry >= 0;
}

function makeChecker(): { module: FloatsModule; floats: Float32Array } | null {
  const module = withMemory(4 * checkedAtOnce);
  return module && { module, floats: new Float32Array(module.memory.buffer, ownFrom, checkedAtOnce) };
}

/** The module with memory of its own, of so many bytes for us. */
function withMemory(length: number): FloatsModule | null {
  const module = loadWasm<FloatsModule>('floats.wasm');
  if (module !== null) growMemory(module.memory, ownFrom + length);
  return module;
}
