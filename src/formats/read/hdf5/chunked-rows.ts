import { DataError } from '../../../errors.ts';
import { damaged, type FileBytes } from './bytes.ts';
import type { ChunkGrid, ChunkTable } from './chunk-index.ts';
import { type Filter, unfiltered } from './filters.ts';

/** Chunks that are read and inflated at a time, as zlib has four threads; fewer where they are large. */
const sideBySide = 8;
const bytesSideBySide = 2 ** 26;
/** Bytes of chunks side by side, which are kept until all their rows have been taken. */
const mostKept = 2 ** 29;

/** Reads rows out of chunks, in ascending order. */
export class ChunkedRows {
  private readonly file: FileBytes;
  private readonly grid: ChunkGrid;
  private readonly table: ChunkTable;
  private readonly filters: readonly Filter[];
  private readonly elementSize: number;
  /** Chunks of which the next rows will need more, by number. */
  private kept = new Map<number, Uint8Array>();

  constructor(
    file: FileBytes,
    grid: ChunkGrid,
    table: ChunkTable,
    filters: readonly Filter[],
    elementSize: number,
  ) {
    const band = grid.across * grid.chunkLength;
    if (band > mostKept) {
      throw new DataError(`the array's chunks have ${grid.chunkRows} rows each, too many to keep in memory`, {
        code: 'large-chunks',
        file: file.name,
        hint: 'give it smaller ones: `h5repack -l CHUNK=1000x<dimensions> <file> <new file>`',
      });
    }
    this.file = file;
    this.grid = grid;
    this.table = table;
    this.filters = filters;
    this.elementSize = elementSize;
  }

  /** Fills `target` with rows [first, first + count), one behind the other. */
  async read(first: number, count: number, target: Uint8Array): Promise<void> {
    const { across, chunkRows } = this.grid;
    const keep = new Map<number, Uint8Array>();
    const end = Math.ceil((first + count) / chunkRows) * across;
    let next = Math.floor(first / chunkRows) * across;
    const work = async () => {
      for (let chunk = next++; chunk < end; chunk = next++) {
        const bytes = this.kept.get(chunk) ?? (await this.chunk(chunk));
        const from = Math.floor(chunk / across) * chunkRows;
        this.scatter(bytes, from, (chunk % across) * this.grid.chunkColumns, first, count, target);
        if (from + chunkRows > first + count) keep.set(chunk, bytes);
      }
    };
    const workers = Math.min(sideBySide, Math.ceil(bytesSideBySide / this.grid.chunkLength));
    await Promise.all(Array.from({ length: workers }, work));
    this.kept = keep;
  }

  private async chunk(number: number): Promise<Uint8Array> {
    const { addresses, lengths, masks } = this.table;
    const { file, grid, filters } = this;
    const length = lengths[number]!;
    // What cannot be made smaller grows by a little.
    if (length > grid.chunkLength * 1.01 + 1024) throw damaged(file.name);
    const bytes = new Uint8Array(length);
    await file.fill(bytes, addresses[number]!);
    return unfiltered(bytes, filters, masks[number]!, grid.chunkLength, file.name);
  }

  /** Copies a chunk's part of the rows to where it belongs. @param row the chunk's first, and its first column */
  private scatter(
    chunk: Uint8Array,
    row: number,
    column: number,
    first: number,
    count: number,
    target: Uint8Array,
  ): void {
    const { elementSize, grid } = this;
    const [from, to] = [Math.max(row, first), Math.min(row + grid.chunkRows, first + count)];
    const record = grid.columns * elementSize;
    const step = grid.chunkColumns * elementSize;
    const width = Math.min(step, record - column * elementSize);
    const out = (from - first) * record + column * elementSize;
    if (width === record && step === record) {
      target.set(chunk.subarray((from - row) * step, (to - row) * step), out);
    } else copyParts(chunk, (from - row) * step, step, target, out, record, width, to - from);
  }
}

/** Copies `count` runs of `width` bytes, whose beginnings lie `step` and `targetStep` apart. */
function copyParts(
  source: Uint8Array,
  from: number,
  step: number,
  target: Uint8Array,
  to: number,
  targetStep: number,
  width: number,
  count: number,
): void {
  for (let i = 0; i < count; i++, from += step, to += targetStep) {
    // Short runs: a loop beats the call.
    if (width >= 64) target.set(source.subarray(from, from + width), to);
    else for (let k = 0; k < width; k++) target[to + k] = source[from + k]!;
  }
}
