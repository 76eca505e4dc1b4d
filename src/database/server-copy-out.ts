import type { Socket } from 'node:net';
import type { PgvError } from '../errors.ts';
import type { TakeBytes } from './database.ts';
import type { WireConnection } from './server-connection.ts';
import { divert } from './taking-socket.ts';

// Message types, as https://www.postgresql.org/docs/current/protocol-message-formats.html has them.
const copyData = 0x64;
const copyDone = 0x63;
/** May come at any time, and mean nothing to a COPY: CopyOutResponse, ParameterStatus, Notice-, NotificationResponse. */
const passedOver: ReadonlySet<number> = new Set([0x48, 0x53, 0x4e, 0x41]);

/**
 * A COPY TO STDOUT as pg runs queries. The socket's chunks are stripped of the messages' heads in place and given away
 * whole: a row is a message of its own, and to take each for itself would cost more than all else. While the taker does
 * not want more, the socket is not read.
 */
export class CopyOut {
  /** Resolves when all has been taken; rejects with the server's error, or with the taker's, whose connection ends. */
  readonly done: Promise<void>;
  readonly #text: string;
  readonly #take: TakeBytes;
  readonly #explain: (error: unknown) => PgvError;
  #settle!: { resolve: () => void; reject: (error: unknown) => void };
  #socket: Socket | undefined;
  /** Gives pg what comes again, and what has come and is no data. */
  #giveBack!: (rest: Buffer) => void;
  #isOver = false;
  /** What the taker still does with the bytes that came last. */
  #taking: Promise<void> | undefined;
  /** The head of a message, its type and length: how much of it is there. */
  readonly #head = Buffer.alloc(5);
  #headLength = 0;
  /** Bytes of a message's body that are still to come, and whether they are data. */
  #bodyLeft = 0;
  #isData = false;

  constructor(text: string, take: TakeBytes, explain: (error: unknown) => PgvError) {
    this.#text = text;
    this.#take = take;
    this.#explain = explain;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** Called by pg when it is this query's turn. */
  submit(connection: WireConnection): void {
    const socket = connection.stream;
    this.#socket = socket;
    this.#giveBack = divert(socket, this.#receive);
    connection.query(this.#text);
  }

  /** Called by pg on an ErrorResponse, and when the connection is lost. */
  handleError(error: unknown): void {
    this.#settle.reject(this.#explain(error));
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    void Promise.resolve(this.#taking).then(this.#settle.resolve);
  }

  readonly #receive = (chunk: Buffer): void => {
    const { length } = chunk;
    let at = 0;
    let dataLength = 0;
    while (at < length) {
      if (this.#bodyLeft > 0) {
        const end = Math.min(at + this.#bodyLeft, length);
        if (this.#isData) {
          chunk.copyWithin(dataLength, at, end);
          dataLength += end - at;
        }
        this.#bodyLeft -= end - at;
        at = end;
      } else {
        at = this.#readHead(chunk, at);
        if (this.#isOver) break;
      }
    }
    // What follows the data is read further down: its bytes are not written over.
    if (dataLength > 0) this.#give(chunk.subarray(0, dataLength));
    if (this.#isOver) this.#handBack(chunk.subarray(at));
  };

  #give(bytes: Uint8Array): void {
    try {
      const taking = this.#take(bytes);
      if (taking === undefined) return;
      this.#socket!.pause();
      const taken = () => {
        this.#taking = undefined;
        this.#socket!.resume();
      };
      this.#taking = taking.then(taken, (error: unknown) => this.#giveUp(error));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The server would send the rest to nobody: the connection ends, and the backend with it. */
  #giveUp(error: unknown): void {
    this.#settle.reject(error);
    this.#socket!.destroy();
  }

  /** Reads the head of a message, as much of it as is there; returns where it ends. */
  #readHead(chunk: Buffer, at: number): number {
    const end = Math.min(at + 5 - this.#headLength, chunk.length);
    chunk.copy(this.#head, this.#headLength, at, end);
    this.#headLength += end - at;
    if (this.#headLength < 5) return end;
    const type = this.#head[0]!;
    if (type === copyData || passedOver.has(type)) {
      this.#headLength = 0;
      this.#isData = type === copyData;
      this.#bodyLeft = this.#head.readUInt32BE(1) - 4;
    } else {
      this.#isOver = true;
      if (type === copyDone) this.#headLength = 0;
    }
    return end;
  }

  /** The data is over: what follows is for pg to read, an error among it. */
  #handBack(rest: Buffer): void {
    const wasDone = this.#headLength === 0;
    this.#giveBack(wasDone ? rest : Buffer.concat([this.#head, rest]));
    if (this.#taking === undefined) this.#socket!.resume();
  }
}
