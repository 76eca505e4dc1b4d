import type { Readable, Writable } from 'node:stream';

/** What Chromium says by itself. */
export interface Event {
  /** The tab that it comes from. */
  sessionId?: string;
  method: string;
  params: Record<string, unknown>;
}

/**
 * Chromium's own protocol over the two pipes of --remote-debugging-pipe: JSON documents, each ended by a zero byte.
 * https://chromedevtools.github.io/devtools-protocol/
 */
export class DevTools {
  readonly #input: Writable;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(event: Event) => void>();
  #last = 0;

  /** @param input what Chromium reads; @param output what it writes */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    // A browser that ends is told by `end`.
    input.on('error', () => {});
    let rest = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  /** @throws Error with what Chromium says against it */
  send<T = Record<string, unknown>>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise<T>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  listen(listener: (event: Event) => void): void {
    this.#listeners.add(listener);
  }

  /** Nothing more will be answered. */
  end(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #take(message: Event & { id?: number; result: never; error?: { message: string } }): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }
}
