import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { statOrNone, syncDirectory } from '../written-file.ts';
import { type Entry, readEntries } from './reject-entries.ts';

/** Where the two files are, and where they are written anew. */
interface Places {
  data: string;
  errors: string;
  newData: string;
  newErrors: string;
}

const copyLength = 2 ** 20;

/**
 * Rejected rows, and a line about each in a second file, kept alike whenever the process ends: rows are on disk before
 * their lines, so that what has no line is cut off, and both files are replaced so that half a replacement can be told.
 */
export class RejectPair {
  /** Bytes of whole entries. */
  private dataLength = 0;
  private errorsLength = 0;
  private data: FileHandle | undefined;
  private errors: FileHandle | undefined;
  private readonly places: Places;
  private readonly head: Uint8Array;

  private constructor(places: Places, head: Uint8Array) {
    this.places = places;
    this.head = head;
  }

  /** @param head what stands before the first row */
  static async at(path: string, errorsPath: string, head: Uint8Array): Promise<RejectPair> {
    // A link stays a link: what it points to is replaced.
    const [data, errors] = await Promise.all([resolved(path), resolved(errorsPath)]);
    return new RejectPair({ data, errors, newData: newName(data), newErrors: newName(errors) }, head);
  }

  /** Goes on behind these entries, which are all that is kept. */
  async truncate(dataLength: number, errorsLength: number): Promise<void> {
    this.dataLength = dataLength;
    this.errorsLength = errorsLength;
    await this.open();
    await this.cutBack();
  }

  /** Writes both lists behind what is there, on disk when it resolves; where that fails, as little as can be stays. */
  async append(rows: readonly Uint8Array[], lines: string): Promise<void> {
    await this.open();
    try {
      const head = this.dataLength === 0 ? [this.head] : [];
      const dataLength = await write(this.data!, [...head, ...rows], this.dataLength);
      await this.data!.datasync();
      const errorsLength = await write(this.errors!, [Buffer.from(lines)], this.errorsLength);
      await this.errors!.datasync();
      this.dataLength = dataLength;
      this.errorsLength = errorsLength;
    } catch (error) {
      // What stays all the same is a torn end, which the next opening mends.
      await this.cutBack().catch(() => {});
      throw error;
    }
  }

  /** Writes both files anew, with some of their entries. */
  async rewrite(keep: (entry: Entry) => boolean): Promise<void> {
    await this.close();
    const { places } = this;
    try {
      await this.writeNew(keep);
    } catch (error) {
      await this.giveUp().catch(() => {});
      throw error;
    }
    await rename(places.newErrors, places.errors);
    await syncDirectory(dirname(places.errors));
    await rename(places.newData, places.data);
    await syncDirectory(dirname(places.data));
  }

  private async writeNew(keep: (entry: Entry) => boolean): Promise<void> {
    const { places, head } = this;
    let [dataLength, errorsLength] = [0, 0];
    // Made first and renamed first: new rows without new errors beside them are whole, as `finish` takes them.
    const errors = await open(places.newErrors, 'w');
    const data = await open(places.newData, 'w');
    const old = await open(places.data, 'r');
    try {
      for await (const entry of readEntries(places.errors, head.length)) {
        if (!keep(entry)) continue;
        if (dataLength === 0) dataLength = await write(data, [head], 0);
        dataLength = await copy(old, entry, data, dataLength);
        errorsLength = await write(errors, [entry.line], errorsLength);
      }
      await data.sync();
      await errors.sync();
    } finally {
      await Promise.all([errors.close(), data.close(), old.close()]);
    }
    this.dataLength = dataLength;
    this.errorsLength = errorsLength;
  }

  /** Ends a rewriting that was interrupted: forward where one file is new already, else back. */
  async finish(): Promise<void> {
    const { data, newData, newErrors } = this.places;
    const begun = (await statOrNone(newErrors)) !== undefined;
    if (begun) await this.giveUp();
    else if ((await statOrNone(newData)) !== undefined) await rename(newData, data);
  }

  async close(): Promise<void> {
    const { data, errors } = this;
    this.data = undefined;
    this.errors = undefined;
    await data?.close();
    await errors?.close();
  }

  /** In this order: the rows alone would be taken for whole. */
  private async giveUp(): Promise<void> {
    await rm(this.places.newData, { force: true });
    await rm(this.places.newErrors, { force: true });
  }

  /** The file of errors first: rows without one are not ours. */
  private async open(): Promise<void> {
    if (this.data !== undefined) return;
    const { data, errors } = this.places;
    this.errors ??= await openOrMake(errors);
    this.data = await openOrMake(data);
    await syncDirectory(dirname(data));
  }

  /** Lines first: there is none without its row. */
  private async cutBack(): Promise<void> {
    await this.errors!.truncate(this.errorsLength);
    await this.errors!.datasync();
    await this.data!.truncate(this.dataLength);
  }
}

function newName(path: string): string {
  return join(dirname(path), `.${basename(path)}.pgv-new`);
}

function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function openOrMake(path: string): Promise<FileHandle> {
  // 'a' would not write at a position, 'w' would empty it.
  await (await open(path, 'a')).close();
  return open(path, 'r+');
}

/** Writes at `position`; returns where it ends. */
async function write(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<number> {
  const bytes = Buffer.concat(parts);
  let done = 0;
  while (done < bytes.length) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
  return position + done;
}

/** Copies a row's bytes to `position`; returns where they end. */
async function copy(
  from: FileHandle,
  { start, end }: Entry,
  to: FileHandle,
  position: number,
): Promise<number> {
  let written = position;
  for (let at = start; at < end; at += copyLength) {
    const chunk = Buffer.alloc(Math.min(copyLength, end - at));
    await from.read(chunk, 0, chunk.length, at);
    written = await write(to, [chunk], written);
  }
  return written;
}
