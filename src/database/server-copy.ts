import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { CopyStreamQuery } from 'pg-copy-streams';

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a COPY FROM STDIN ended. */
export type CopyOutcome =
  | { kind: 'stored' }
  /** By the server, or by the loss of the connection. */
  | { kind: 'refused'; error: unknown }
  /** By the chunks' source: the server has dropped the COPY, and the session is ready. */
  | { kind: 'source-failed'; error: unknown };

/**
 * Sends the chunks into a submitted COPY FROM STDIN, each when the one before has left for the socket: nothing
 * piles up here, and while the socket is full the thread does other work.
 * @param socket what the COPY is sent through
 * @param signal asks for an end while chunks still come; what has been sent whole is the server's to judge
 */
export async function sendChunks(
  stream: CopyStreamQuery,
  socket: Socket,
  chunks: Chunks,
  signal: AbortSignal,
): Promise<CopyOutcome> {
  const refusal = new Refusal(stream);
  const source = iteratorOf(chunks);
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      signal.throwIfAborted();
      const pending = source.next();
      // A plain iterable's chunk is there already: no turn of the event loop for it.
      next = pending instanceof Promise ? await refusal.orFirst(orAborted(pending, signal)) : pending;
    } catch (error) {
      if (refusal.happened) break;
      await fail(stream);
      return { kind: 'source-failed', error };
    }
    if (refusal.happened || next.done) break;
    const { value } = next;
    await refusal.orFirst(sendTogether(stream, socket, value)).catch(() => {});
    if (refusal.happened) break;
  }
  if (!refusal.happened) {
    stream.end();
    await refusal.orFirst(once(stream, 'finish')).catch(() => {});
  }
  if (!refusal.happened) return { kind: 'stored' };
  // Not waited for: a source that is in the middle of a read of its own may never answer.
  Promise.resolve(source.return?.()).catch(() => {});
  return { kind: 'refused', error: refusal.error };
}

/** Sends a chunk and what stands before it at once: alone, those five bytes would wake the server to no purpose. */
function sendTogether(stream: CopyStreamQuery, socket: Socket, chunk: Uint8Array): Promise<void> {
  return new Promise((sent) => {
    socket.cork();
    stream.write(chunk, () => sent());
    socket.uncork();
  });
}

/** The stream's error, whenever it comes: also between two writes. */
class Refusal {
  happened = false;
  error: unknown;
  #reject: (error: unknown) => void = () => {};

  constructor(stream: CopyStreamQuery) {
    stream.on('error', (error) => {
      if (!this.happened) this.error = error;
      this.happened = true;
      this.#reject(error);
    });
  }

  /** `work`, or the refusal if that comes first. No Promise.race: it would keep every chunk until the end. */
  orFirst<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.happened) reject(this.error);
      work.then(resolve, reject);
    });
  }
}

/** `work`, or the signal's reason if that comes first. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Ends the COPY with CopyFail and waits for the server's answer, so that the session is ready again. */
async function fail(stream: CopyStreamQuery): Promise<void> {
  const closed = once(stream, 'close').catch(() => {});
  stream.destroy(new Error('the client stopped sending'));
  await closed;
}

function iteratorOf(chunks: Chunks): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
}
