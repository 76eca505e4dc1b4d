import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Bytes a read: few calls of the system, and the processor's cache holds them until they are used. */
const readLength = 2 ** 17;

/** Takes bytes, which are written over once it has returned; where it has paused the socket, once that is resumed. */
export type TakeChunk = (chunk: Buffer) => void;

/**
 * A socket that reads into the same memory again and again. Node gives each read memory of its own: to find its pages
 * and to collect it as garbage takes a tenth of an export's time.
 */
export class TakingSocket extends Socket {
  /** Whoever takes what comes; undefined: it is copied, and given to those who listen, as by any socket. */
  taker: TakeChunk | undefined;

  constructor() {
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(readLength),
      callback: (length, bytes) => this.#receive((bytes as Buffer).subarray(0, length)),
    };
    // The types have it for net.connect() alone, which hands it over to here.
    super({ onread } as SocketConstructorOpts);
  }

  /** @returns whether more is to be read */
  #receive(chunk: Buffer): boolean {
    if (this.taker === undefined) return this.push(Buffer.from(chunk));
    this.taker(chunk);
    return true;
  }
}

/**
 * Has `take` take what comes over a connection, in the place of pg, which listens. Over TLS each chunk has memory of its
 * own.
 * @returns to be called with what was not for it, bytes that pg gets as all that follows
 */
export function divert(socket: Socket, take: TakeChunk): (rest: Buffer) => void {
  const [listener] = socket.listeners('data') as [TakeChunk];
  if (socket instanceof TakingSocket) {
    socket.taker = take;
    return (rest) => {
      socket.taker = undefined;
      // pg keeps what is no whole message yet.
      if (rest.length > 0) listener(Buffer.from(rest));
    };
  }
  socket.off('data', listener);
  socket.on('data', take);
  return (rest) => {
    socket.off('data', take);
    socket.on('data', listener);
    if (rest.length > 0) listener(rest);
  };
}
