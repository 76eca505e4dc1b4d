import type { MessagePort } from 'node:worker_threads';
import type { TakeBytes } from '../database.ts';
import {
  advance,
  type CopyInAck,
  type CopyInMessage,
  type CopyOutMessage,
  type Counter,
  type Reply,
} from './protocol.ts';

/** Bytes sent ahead of what the host has read. */
const bytesAhead = 4 * 1024 * 1024;

/**
 * Sends `chunks` to a COPY in the host, as fast as it reads them.
 * @returns the host's reply
 * @throws what `chunks` throws, else what the COPY failed with
 */
export async function feedCopy(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  port: MessagePort,
  counter: Counter,
  reply: Promise<Reply>,
): Promise<Reply> {
  const flow = new Flow(port);
  const send = (message: CopyInMessage, transfer: ArrayBuffer[]): void => {
    port.postMessage(message, transfer);
    advance(counter);
  };
  let isAnswered = false;
  const answered = reply.then(
    () => {
      isAnswered = true;
    },
    () => {
      isAnswered = true;
    },
  );
  try {
    for await (const chunk of chunks) {
      if (isAnswered) break;
      const owned = ownBytes(chunk);
      flow.sent(owned.length);
      send({ chunk: owned }, [owned.buffer]);
      if (flow.isFull) await Promise.race([flow.room(), answered]);
    }
    send({ end: 'done' }, []);
    return await reply;
  } catch (error) {
    if (isAnswered) throw error;
    send({ end: 'failed' }, []);
    await answered;
    throw error;
  } finally {
    port.close();
  }
}

/** Counts the bytes under way. */
class Flow {
  readonly #sizes: number[] = [];
  #ahead = 0;
  #wake: (() => void) | undefined;

  constructor(port: MessagePort) {
    port.on('message', ({ taken }: CopyInAck) => {
      for (let left = taken; left > 0; left -= 1) this.#ahead -= this.#sizes.shift() ?? 0;
      if (!this.isFull) this.#wake?.();
    });
  }

  get isFull(): boolean {
    return this.#ahead >= bytesAhead;
  }

  sent(bytes: number): void {
    this.#sizes.push(bytes);
    this.#ahead += bytes;
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The chunk itself where it is all of its memory, which can then go to the other thread; else a copy. */
function ownBytes(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = chunk;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(chunk);
}

/**
 * Has `take` take the bytes that a COPY in the host writes, which waits where they are not taken.
 * @throws what the COPY failed with, or `take`
 */
export async function readCopy(
  port: MessagePort,
  counter: Counter,
  reply: Promise<Reply>,
  take: TakeBytes,
): Promise<void> {
  let taking = Promise.resolve();
  const ended = new Promise<void>((resolve, reject) => {
    port.on('message', (message: CopyOutMessage | CopyInAck) => {
      if ('chunk' in message) {
        taking = taking.then(async () => {
          await take(message.chunk);
          advance(counter);
        });
        taking.catch(reject);
      } else if ('end' in message) void taking.then(resolve, reject);
    });
  });
  try {
    await Promise.all([reply, ended]);
  } catch (error) {
    Atomics.store(counter, 1, 1);
    advance(counter);
    await reply.catch(() => {});
    throw error;
  } finally {
    port.close();
  }
}
