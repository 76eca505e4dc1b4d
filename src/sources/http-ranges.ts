import { chunkSource, type Source } from '../source.ts';
import type { HttpFile } from './http-file.ts';

/** What is read at a time where little is asked for: indexes and headers lie close together. */
const blockLength = 2 ** 16;
/** Blocks that are kept, those last asked for. */
const keptBlocks = 64;

/** Some bytes that follow each other, and where the next to be read lie. */
interface Run {
  source: Source;
  position: number;
}

/**
 * Reads a file of HTTP from anywhere on: small parts out of blocks, which are kept; a large part by a request of its
 * own; and one that begins where the one before it ended begins a run, which is read on with a single request. Parts may
 * be read side by side.
 */
export class HttpRanges {
  private readonly file: HttpFile;
  private readonly byteLength: number;
  private readonly blocks = new Map<number, Promise<Uint8Array>>();
  /** Undefined also while it is being read from. */
  private run: Run | undefined;
  /** Behind the last large part. */
  private next = -1;

  constructor(file: HttpFile, byteLength: number) {
    this.file = file;
    this.byteLength = byteLength;
  }

  /** As Source's. */
  readAt = async (target: Uint8Array, position: number): Promise<number> => {
    const wanted = target.subarray(0, Math.max(0, Math.min(target.length, this.byteLength - position)));
    if (wanted.length <= blockLength) return this.readBlocks(wanted, position);
    const isNext = position === this.next;
    this.next = position + wanted.length;
    return isNext ? this.readRun(wanted, position) : this.fetch(wanted, position);
  };

  private async readBlocks(target: Uint8Array, position: number): Promise<number> {
    for (let filled = 0; filled < target.length; ) {
      const at = position + filled;
      const index = Math.floor(at / blockLength);
      const block = await this.block(index);
      const part = block.subarray(at - index * blockLength).subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
    }
    return target.length;
  }

  private block(index: number): Promise<Uint8Array> {
    const start = index * blockLength;
    const kept = this.blocks.get(index);
    const block = kept ?? this.fetchBlock(start);
    this.blocks.delete(index);
    // What fails is asked for again.
    block.catch(() => this.blocks.delete(index));
    this.blocks.set(index, block);
    if (this.blocks.size > keptBlocks) this.blocks.delete(this.blocks.keys().next().value!);
    return block;
  }

  private async fetchBlock(start: number): Promise<Uint8Array> {
    const block = new Uint8Array(Math.min(blockLength, this.byteLength - start));
    await this.fetch(block, start);
    return block;
  }

  /** Reads the answer to its end, which leaves its connection to the next request. */
  private async fetch(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    for await (const chunk of this.file.bytes(position, position + target.length)) {
      const part = chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  private async readRun(target: Uint8Array, position: number): Promise<number> {
    const last = this.run;
    this.run = undefined;
    if (last !== undefined && last.position !== position) await last.source.close();
    const source = last?.position === position ? last.source : this.source(position);
    const read = await source.read(target);
    if (this.run === undefined) this.run = { source, position: position + read };
    else await source.close();
    return read;
  }

  private source(start: number): Source {
    const chunks = this.file.bytes(start);
    return chunkSource(chunks, this.file.name, async () => void (await chunks.return(undefined)));
  }
}
