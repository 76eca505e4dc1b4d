import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writing } from '../written-file.ts';

/** Bytes a read. */
const readLength = 2 ** 20;

/** A stream of bytes that has to wait for others to end: kept in a file without a name, which nobody needs to remove. */
export class Aside {
  private handle: FileHandle | undefined;
  private length = 0;
  private readonly directory: string;

  /** @param directory where the export goes, as there is room; undefined: the system's for temporary files */
  constructor(directory: string | undefined) {
    this.directory = directory ?? tmpdir();
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.handle ??= await this.openUnnamed();
    const { handle } = this;
    for (let rest = chunk; rest.length > 0; ) {
      const { bytesWritten } = await this.attempt(() => handle.write(rest, 0, rest.length, this.length));
      this.length += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  /** All that was written. Each chunk is written over by the next one. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(Math.min(readLength, this.length));
    for (let at = 0; at < this.length; ) {
      const { bytesRead } = await this.attempt(() => this.handle!.read(buffer, 0, buffer.length, at));
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  private async openUnnamed(): Promise<FileHandle> {
    const path = join(this.directory, `.pgv-${randomBytes(6).toString('hex')}.part`);
    const handle = await this.attempt(() => open(path, 'wx+'));
    await rm(path);
    return handle;
  }

  private attempt<T>(work: () => Promise<T>): Promise<T> {
    return writing(
      { path: this.directory, flag: '-o', whenFull: 'no file that looks whole was left behind' },
      work,
    );
  }
}
