import type { MessagePort } from 'node:worker_threads';
import type { ErrorDetails } from '../../errors.ts';

/** What a client asks of the host over its port; every one but `lane` is answered by a Reply with its id. */
export type Request =
  | { id: number; kind: 'open' }
  | { id: number; kind: 'query'; text: string; values: (string | null)[] | undefined }
  | { id: number; kind: 'copy'; direction: 'in' | 'out'; sql: string; port: MessagePort; counter: Counter }
  | { id: number; kind: 'close' }
  | { kind: 'lane'; port: MessagePort };

/** The statement's outcome: `rows` of text, as PostgreSQL wrote it, with the type of each column. */
export interface Reply {
  fields: { name: string; oid: number; modifier: number }[];
  rows: (string | null)[][];
  /** The command's tag, such as `INSERT 0 5`; empty for an empty statement. */
  tag: string;
  /** Messages of the notices and warnings that came with it. */
  notices: string[];
}

export type Answer =
  | { id: number; reply: Reply }
  | { id: number; error: WireError }
  /** The last word of a host that cannot go on. */
  | { stopped: string };

/** An error as it crosses threads: the server's own fields, or those of a PgvError. */
export type WireError =
  | { kind: 'server'; fields: { message: string; code: string } & Record<string, unknown> }
  | { kind: 'pgv'; message: string; details: ErrorDetails };

/** What a client sends on a copy's own port, while its COPY reads. */
export type CopyInMessage = { chunk: Uint8Array } | { end: 'done' | 'failed' };
/** What the host sends back: how many chunks it has read. */
export type CopyInAck = { taken: number };
/** What the host sends on a copy's own port, while its COPY writes. */
export type CopyOutMessage = { chunk: Uint8Array } | { end: 'done' };

/**
 * Wakes a host that waits inside a COPY, where no event reaches it: word 0 counts what the client has done (chunks
 * sent, or chunks taken), word 1 is 1 once the client wants no more.
 */
export type Counter = Int32Array;

export function newCounter(): Counter {
  return new Int32Array(new SharedArrayBuffer(8));
}

export function advance(counter: Counter): void {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
}

/** What the host's thread is started with. */
export interface HostData {
  /** Absolute; null in memory. */
  directory: string | null;
  mayCreate: boolean;
  /** The first client's port. */
  port: MessagePort;
}
