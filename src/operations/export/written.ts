import { createHash, type Hash } from 'node:crypto';
import type { Assembler, FileLayout, Part } from '../../formats/write/format.ts';
import { Aside } from './aside.ts';
import type { Output } from './output.ts';

/** How far a file is. */
export interface WrittenPart {
  rows: number;
  bytes: number;
}

export interface WrittenFileOptions {
  layout: FileLayout;
  assembler: Assembler;
  output: Output;
  /** What the assembler's bytes go through: the same compression as the parts'. */
  around: (bytes: Uint8Array) => Uint8Array;
  /** Where streams are kept aside; undefined: the system's for temporary files. */
  directory: string | undefined;
  /** Whether the file's SHA-256 is wanted. */
  summed: boolean;
}

/** A file while it is written: the assembler's bytes around those of the parts. */
export class WrittenFile {
  rows = 0;
  bytes = 0;
  private readonly layout: FileLayout;
  private readonly assembler: Assembler;
  private readonly output: Output;
  private readonly around: WrittenFileOptions['around'];
  private readonly hash: Hash | undefined;
  private begun = false;
  private readonly asides = new Map<number, Aside>();

  constructor({ layout, assembler, output, around, directory, summed }: WrittenFileOptions) {
    this.hash = summed ? createHash('sha256') : undefined;
    this.layout = layout;
    this.assembler = assembler;
    this.output = output;
    this.around = around;
    for (const stream of layout.streams.slice(1)) this.asides.set(stream, new Aside(directory));
  }

  /** Behind what an earlier run has written. */
  async goOn({ rows, bytes }: WrittenPart): Promise<void> {
    this.rows = rows;
    this.bytes = bytes;
    this.begun = true;
    if (this.hash === undefined) return;
    for await (const chunk of this.output.earlier()) this.hash.update(chunk);
  }

  /** How far it is, once that lasts. */
  async part(): Promise<WrittenPart> {
    const { rows, bytes } = this;
    await this.output.flush();
    return { rows, bytes };
  }

  async add({ streams, rows, note }: Part): Promise<void> {
    await this.begin();
    const lengths = streams.map(({ length }) => length);
    this.assembler.add({ rows, note, lengths }, this.bytes);
    this.rows += rows;
    await this.write(streams[this.layout.streams[0]!]!);
    for (const [stream, aside] of this.asides) await aside.write(streams[stream]!);
  }

  /** @returns the SHA-256 of the whole file, in hexadecimal digits, where it was wanted */
  async finish(): Promise<string | undefined> {
    await this.begin();
    for (const piece of this.assembler.end()) {
      if (piece instanceof Uint8Array) await this.writeAround(piece);
      else for await (const chunk of this.asides.get(piece.stream)!.chunks()) await this.write(chunk);
    }
    for (const aside of this.asides.values()) await aside.close();
    await this.output.finish();
    return this.hash?.digest('hex');
  }

  publish(): Promise<void> {
    return this.output.publish();
  }

  async abandon(): Promise<void> {
    for (const aside of this.asides.values()) await aside.close();
    await this.output.abandon();
  }

  /** No sooner than there are rows, or none: a query that fails has written nothing to a stream. */
  private async begin(): Promise<void> {
    if (this.begun) return;
    this.begun = true;
    await this.writeAround(this.assembler.head());
  }

  private async writeAround(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.write(this.around(bytes));
  }

  /** The sum is made while the file system works. */
  private async write(bytes: Uint8Array): Promise<void> {
    this.bytes += bytes.length;
    const written = this.output.write(bytes);
    this.hash?.update(bytes);
    await written;
  }
}
