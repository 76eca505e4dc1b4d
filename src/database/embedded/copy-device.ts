import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { CopyInAck, CopyInMessage, CopyOutMessage, Counter } from './protocol.ts';

/** Where a COPY reads and writes inside PGlite's file system; `FROM STDIN` does not stream there. */
export const copyDevice = '/dev/pgv';

/** Bytes gathered before they are sent to the client, and chunks sent before the client has taken one. */
const chunkSize = 256 * 1024;
const chunksAhead = 16;
/** How often a COPY that waits for its client looks whether that client is still there, in milliseconds. */
const patience = 500;

/** PostgreSQL's side of one COPY. Both throw ClientGone where the client wants no more, or is no more. */
export interface CopyEnd {
  read(target: Uint8Array): number;
  write(bytes: Uint8Array): void;
  /** Called when the COPY has succeeded. */
  finish(): void;
}

export class ClientGone extends Error {}

/** Feeds `COPY … FROM` with the client's chunks, waiting inside the call: PGlite runs on this one thread. */
export class CopyInEnd implements CopyEnd {
  readonly #port: MessagePort;
  readonly #counter: Counter;
  #chunk: Uint8Array = new Uint8Array(0);
  #isAtEnd = false;

  constructor(port: MessagePort, counter: Counter) {
    this.#port = port;
    this.#counter = counter;
  }

  /** Fills `target` from its start. @returns bytes read, 0 at the end */
  read(target: Uint8Array): number {
    while (this.#chunk.length === 0 && !this.#isAtEnd) this.#next();
    const taken = this.#chunk.subarray(0, target.length);
    target.set(taken);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken.length;
  }

  write(): void {
    throw new Error('a COPY FROM does not write');
  }

  finish(): void {}

  #next(): void {
    const sent = Atomics.load(this.#counter, 0);
    const message: CopyInMessage | undefined = receiveMessageOnPort(this.#port)?.message;
    if (message === undefined) {
      waitForClient(this.#port, this.#counter, sent);
    } else if ('chunk' in message) {
      this.#chunk = message.chunk;
      this.#port.postMessage({ taken: 1 } satisfies CopyInAck);
    } else {
      if (message.end === 'failed') throw new ClientGone();
      this.#isAtEnd = true;
    }
  }
}

/** Sends what `COPY … TO` writes to the client, never far ahead of it. */
export class CopyOutEnd implements CopyEnd {
  readonly #port: MessagePort;
  readonly #counter: Counter;
  #buffer = new Uint8Array(chunkSize);
  #filled = 0;
  #sent = 0;

  constructor(port: MessagePort, counter: Counter) {
    this.#port = port;
    this.#counter = counter;
  }

  read(): number {
    throw new Error('a COPY TO does not read');
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + chunkSize - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === chunkSize) this.#flush();
    }
  }

  finish(): void {
    this.#flush();
    this.#port.postMessage({ end: 'done' } satisfies CopyOutMessage);
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const chunk = this.#buffer.subarray(0, this.#filled);
    this.#port.postMessage({ chunk } satisfies CopyOutMessage, [chunk.buffer]);
    this.#buffer = new Uint8Array(chunkSize);
    this.#filled = 0;
    this.#sent += 1;
    for (;;) {
      const taken = Atomics.load(this.#counter, 0);
      if (Atomics.load(this.#counter, 1) === 1) throw new ClientGone();
      if (this.#sent - taken < chunksAhead) return;
      waitForClient(this.#port, this.#counter, taken);
    }
  }
}

/** Returns once the counter has moved from `seen`, or after a while. @throws ClientGone */
function waitForClient(port: MessagePort, counter: Counter, seen: number): void {
  if (Atomics.wait(counter, 0, seen, patience) !== 'timed-out') return;
  if (portsTell && !isHeard(port)) throw new ClientGone();
}

/**
 * Whether the other end is still there: Node's postMessage says so in its return value, which is not documented,
 * and a thread that waits gets no `close` event. So it is believed only where it has been seen to tell.
 */
function isHeard(port: MessagePort): boolean {
  return (port.postMessage({ taken: 0 } satisfies CopyInAck) as unknown) === true;
}

const portsTell = ((): boolean => {
  const { port1, port2 } = new MessageChannel();
  const tells = isHeard(port1);
  port1.close();
  port2.close();
  return tells;
})();
