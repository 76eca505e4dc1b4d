import type { Socket } from 'node:net';
import type { Connection } from 'pg';
import { unlessAborted } from '../unless-aborted.ts';

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a COPY FROM STDIN ended. */
export type CopyOutcome =
  | { kind: 'stored'; rows: number }
  /** By the server, or by the loss of the connection. */
  | { kind: 'refused'; error: unknown }
  /** By the chunks' source: the server has dropped the COPY, and the session is ready. */
  | { kind: 'source-failed'; error: unknown };

// Messages of the protocol: a letter, and their length as int32 without the letter.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);
const copyDataLetter = 0x64;

/**
 * One COPY FROM STDIN, which pg is given as a query: it calls `submit`, and `handle…` for each answer. Written by
 * ourselves as a chunk must not be kept: when its sending has resolved, the chunk's memory can be filled again.
 */
export class CopyIn {
  private readonly sql: string;
  private readonly waits: boolean;
  private readonly header = Buffer.from([copyDataLetter, 0, 0, 0, 0]);
  /** When data may be sent. */
  private readonly started = new Settled();
  private readonly ended = new Settled();
  private rows = 0;
  private refusal: { error: unknown } | undefined;
  private onRefusal: (error: unknown) => void = () => {};

  /**
   * @param waits with the data until the server asks for it; else it is sent behind the statement, and the server drops what
   * it has no use for
   */
  constructor(sql: string, waits: boolean) {
    this.sql = sql;
    this.waits = waits;
  }

  /** Called by pg. */
  submit(connection: Connection): void {
    connection.query(this.sql);
    if (!this.waits) this.started.settle();
  }

  handleCopyInResponse(): void {
    this.started.settle();
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.ended.settle();
  }

  /** The server's error, or that the connection is lost: whenever it comes, also between two chunks. */
  handleError(error: unknown): void {
    this.refusal ??= { error };
    this.onRefusal(error);
    this.ended.settle();
  }

  /**
   * Sends the chunks, each when the one before has left for the socket: nothing piles up here, and while the socket is
   * full the thread does other work.
   * @param socket what the COPY is sent through
   * @param signal asks for an end while chunks still come; what has been sent whole is the server's to judge
   */
  async send(socket: Socket, chunks: Chunks, signal: AbortSignal): Promise<CopyOutcome> {
    const source = iteratorOf(chunks);
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        signal.throwIfAborted();
        const pending = source.next();
        // A plain iterable's chunk is there already: no turn of the event loop for it.
        next =
          pending instanceof Promise ? await this.unlessRefused(unlessAborted(pending, signal)) : pending;
      } catch (error) {
        if (this.refusal !== undefined) break;
        await this.fail(socket);
        return { kind: 'source-failed', error };
      }
      if (this.refusal !== undefined || next.done) break;
      await this.sendChunk(socket, next.value);
      if (this.refusal !== undefined) break;
    }
    if (this.refusal === undefined) {
      await this.whenStarted();
      if (this.refusal === undefined) socket.write(copyDone);
      await this.ended.promise;
    }
    if (this.refusal === undefined) return { kind: 'stored', rows: this.rows };
    // Not waited for: a source that is in the middle of a read of its own may never answer.
    Promise.resolve(source.return?.()).catch(() => {});
    return { kind: 'refused', error: (this.refusal as { error: unknown }).error };
  }

  /** Resolves when the chunk is on its way, or the COPY refused. */
  private async sendChunk(socket: Socket, chunk: Uint8Array): Promise<void> {
    await this.whenStarted();
    if (this.refusal !== undefined || chunk.length === 0) return;
    const written = new Promise<void>((resolve) => {
      this.header.writeUInt32BE(chunk.length + 4, 1);
      // Together: alone, those five bytes would wake the server to no purpose.
      socket.cork();
      socket.write(this.header);
      // Where that fails, pg tells of the lost connection.
      socket.write(chunk, () => resolve());
      socket.uncork();
    });
    await this.unlessRefused(written).catch(() => {});
  }

  /** Resolves when data may be sent, or the server has refused. */
  private async whenStarted(): Promise<void> {
    if (!this.started.isSettled) await this.unlessRefused(this.started.promise).catch(() => {});
  }

  /** Ends the COPY with CopyFail and waits for the server's answer. */
  private async fail(socket: Socket): Promise<void> {
    await this.whenStarted();
    if (this.refusal === undefined) socket.write(copyFail('the client stopped sending'));
    await this.ended.promise;
  }

  /** `work`, or the refusal if that comes first. No Promise.race: it would keep every chunk until the end. */
  private unlessRefused<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onRefusal = reject;
      if (this.refusal !== undefined) reject(this.refusal.error);
      work.then(resolve, reject);
    });
  }
}

/** A promise, and whether it has been kept. */
class Settled {
  isSettled = false;
  readonly promise: Promise<void>;
  private resolve: () => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  settle(): void {
    this.isSettled = true;
    this.resolve();
  }
}

function copyFail(reason: string): Buffer {
  const message = Buffer.from(`f\0\0\0\0${reason}\0`, 'latin1');
  message.writeUInt32BE(message.length - 1, 1);
  return message;
}

function iteratorOf(chunks: Chunks): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
}
