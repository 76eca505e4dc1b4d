import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UsageError } from '../../errors.ts';
import { type Entry, entryLine, NoEntry, type Reject, readEntries } from './reject-entries.ts';
import { RejectPair } from './reject-pair.ts';
import { attempt, errorsPathOf, lengths } from './reject-paths.ts';

export type { Reject };

/**
 * `--reject-file`: the rows that were left out, just as they stood, and beside them in `<path>.errors.jsonl` a line
 * of JSON for each, in the same order. One writer a file.
 */
export class RejectFile {
  private entries = 0;
  /** By piece: a digest of what is written of it. */
  private readonly written = new Map<string, string>();
  private queue: Promise<void> = Promise.resolve();
  private readonly path: string;
  private readonly pair: RejectPair;

  private constructor(path: string, pair: RejectPair) {
    this.path = path;
    this.pair = pair;
  }

  /**
   * For a new load. Nothing is written before the first reject.
   * @param path as it was typed
   * @param head what stands before the first row: a header
   * @throws UsageError for a path that holds something already, or cannot hold a file
   */
  static async create(path: string, head: Uint8Array | undefined): Promise<RejectFile> {
    const { data, errors } = await lengths(path);
    if (data > 0 || (errors ?? 0) > 0) {
      const taken = data > 0 ? path : errorsPathOf(path);
      throw new UsageError(`${taken} holds something already`, {
        code: 'reject-file-exists',
        file: taken,
        hint: 'move it away, or name another --reject-file',
      });
    }
    return new RejectFile(path, await RejectPair.at(path, errorsPathOf(path), head ?? new Uint8Array(0)));
  }

  /**
   * For a load that goes on: keeps the entries of pieces that are stored and drops the others, which will be told again,
   * and torn ends, from both files.
   * @param isStored whether the ledger has the piece
   * @throws UsageError where the two files are not what a load left behind
   */
  static async resume(
    path: string,
    head: Uint8Array = new Uint8Array(0),
    isStored: (fileIndex: number, piece: number) => boolean,
  ): Promise<RejectFile> {
    const pair = await RejectPair.at(path, errorsPathOf(path), head);
    const file = new RejectFile(path, pair);
    await file.write(() => pair.finish());
    const { data, errors } = await lengths(path);
    // Rows lie in a file of ours only once that of errors is there.
    if (errors === undefined && data > 0) throw foreign(path);
    if (errors !== undefined) await file.write(() => file.mend(head, data, isStored));
    return file;
  }

  /** Entries that were kept and added. */
  get count(): number {
    return this.entries;
  }

  /**
   * Appends; on disk in both files when it resolves. Calls are done in their order.
   * @param rejects all those of one piece; told again, because the piece had to be, they take the place of the first
   * @throws DatabaseError where the disk refuses
   */
  add(rejects: readonly Reject[]): Promise<void> {
    const added = this.queue.then(() => this.write(() => this.append(rejects)));
    this.queue = added.catch(() => {});
    return added;
  }

  async close(): Promise<void> {
    await this.queue;
    await this.write(() => this.pair.close());
  }

  private async append(rejects: readonly Reject[]): Promise<void> {
    const [first] = rejects;
    if (first === undefined) return;
    const rows = rejects.map(({ bytes }) => bytes);
    const lines = rejects.map(entryLine).join('');
    const digest = digestOf(rows, lines);
    const piece = `${first.fileIndex}/${first.piece}`;
    const before = this.written.get(piece);
    if (before === digest) return;
    if (before !== undefined) await this.keepOnly((entry) => `${entry.fileIndex}/${entry.piece}` !== piece);
    this.written.delete(piece);
    await this.pair.append(rows, lines);
    this.written.set(piece, digest);
    this.entries += rejects.length;
  }

  private async mend(
    head: Uint8Array,
    dataLength: number,
    isStored: (fileIndex: number, piece: number) => boolean,
  ): Promise<void> {
    let [all, dataEnd, errorsEnd] = [true, 0, 0];
    try {
      for await (const { fileIndex, piece, line, end } of readEntries(errorsPathOf(this.path), head.length)) {
        dataEnd = end;
        errorsEnd += line.length;
        if (isStored(fileIndex, piece)) this.entries++;
        else all = false;
      }
    } catch (error) {
      throw error instanceof NoEntry ? foreign(this.path) : error;
    }
    if (dataEnd > dataLength || (dataEnd > 0 && !(await beginsWith(this.path, head)))) {
      throw foreign(this.path);
    }
    await this.pair.truncate(dataEnd, errorsEnd);
    if (!all) await this.keepOnly(({ fileIndex, piece }) => isStored(fileIndex, piece));
  }

  private async keepOnly(keep: (entry: Entry) => boolean): Promise<void> {
    let kept = 0;
    await this.pair.rewrite((entry) => keep(entry) && ++kept > 0);
    this.entries = kept;
  }

  private write<T>(work: () => Promise<T>): Promise<T> {
    return attempt(this.path, work);
  }
}

async function beginsWith(path: string, head: Uint8Array): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(head.length);
    await file.read(bytes, 0, head.length, 0);
    return bytes.equals(head);
  } finally {
    await file.close();
  }
}

function digestOf(rows: readonly Uint8Array[], lines: string): string {
  const hash = createHash('sha256').update(lines);
  for (const bytes of rows) hash.update(bytes);
  return hash.digest('base64');
}

function foreign(path: string): UsageError {
  return new UsageError(`${path} and ${errorsPathOf(path)} are not as a load has left them`, {
    code: 'reject-file-changed',
    file: path,
    hint: 'move both away, or name another --reject-file',
  });
}
