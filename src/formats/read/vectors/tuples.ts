import { type TupleFrame, type TupleMemory, tupleMemory } from '../../../vector/floats-wasm.ts';
import { maxDimensions } from '../../../vector/limits.ts';
import type { DecodedColumn } from '../format.ts';
import { recordLength, type VectorLayout } from './layout.ts';

/** Bytes of rows at a time: they stay in the cache that is nearest to the processor. */
const blockLength = 2 ** 15;
/** Bytes of tuples after which they are sent: few calls of the system, and the processor's cache holds them. */
const chunkLength = 2 ** 18;

/**
 * Writes rows of float32s as COPY's binary tuples, and looks at each value meanwhile: one pass, where columns of them take
 * one to look, one to swap and one for what stands between.
 */
export class VectorTuples {
  /** Rows that are written in one go, at most. */
  readonly rows: number;
  private readonly memory: TupleMemory;
  private readonly layout: VectorLayout;
  private readonly record: number;
  private readonly tupleLength: number;
  private used = 0;

  private constructor(layout: VectorLayout, memory: TupleMemory, tupleLength: number) {
    this.layout = layout;
    this.memory = memory;
    this.tupleLength = tupleLength;
    this.record = recordLength(layout);
    this.rows = rowsAtOnce(layout);
  }

  /** For the binary road; undefined where the columns are others, or there is no WebAssembly. */
  static of(layout: VectorLayout, columns: readonly DecodedColumn[]): VectorTuples | undefined {
    const frame = frameOf(layout, columns);
    if (frame === undefined) return undefined;
    const rows = rowsAtOnce(layout);
    const tupleLength = frame.before.length + 4 * layout.dimensions + frame.behind.length;
    const memory = tupleMemory(frame, rows * recordLength(layout), chunkLength + rows * tupleLength);
    return memory && new VectorTuples(layout, memory, tupleLength);
  }

  /**
   * Writes whole rows behind those before.
   * @param number of the first
   * @returns whether no value is NaN or infinite
   */
  add(rows: Uint8Array, count: number, number: number): boolean {
    const { memory, layout, record, used } = this;
    memory.from.set(rows);
    this.used += count * this.tupleLength;
    return memory.write(layout.prefix, record, layout.dimensions, count, used, number);
  }

  /** It is time to take them. */
  get isFull(): boolean {
    return this.used >= chunkLength;
  }

  /** What was written; valid until the next `add`. */
  take(): Uint8Array {
    const { used } = this;
    this.used = 0;
    return this.memory.to.subarray(0, used);
  }
}

function rowsAtOnce(layout: VectorLayout): number {
  return Math.max(1, Math.floor(blockLength / recordLength(layout)));
}

/** Of tuples of the vector, or of it and the row's number in either order. */
function frameOf(layout: VectorLayout, columns: readonly DecodedColumn[]): TupleFrame | undefined {
  const { element, bigEndian, columnMajor, scalar, dimensions } = layout;
  if (element !== 'f4' || bigEndian || columnMajor || scalar) return undefined;
  if (dimensions === 0 || dimensions > maxDimensions.vector) return undefined;
  const vectors = columns.filter(({ field }) => field === 0);
  const numbers = columns.filter(({ field }) => field !== 0);
  if (vectors.length !== 1 || numbers.length > 1) return undefined;
  const { name, length = dimensions } = vectors[0]!.type;
  if (name !== 'vector' || length !== dimensions) return undefined;
  if (numbers.some(({ type }) => type.name !== 'int8')) return undefined;
  // A tuple is int16 fields, and for each its length as int32 and its bytes; a vector's begin with int16 dimensions and
  // int16 0.
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + 4 * dimensions);
  head.writeInt16BE(dimensions, 4);
  const number = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
  const isFirst = columns[0]!.field !== 0;
  const isLast = columns.at(-1)!.field !== 0;
  const before = Uint8Array.from([0, columns.length, ...(isFirst ? number : []), ...head]);
  const behind = Uint8Array.from(isLast ? number : []);
  const lastAt = before.length + 4 * dimensions + 4;
  return { before, behind, numberAt: isFirst ? 6 : isLast ? lastAt : undefined };
}
