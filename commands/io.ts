import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { ClosedPipeError, isClosedPipe } from './errors.ts';

/** A stream that may be a terminal. */
export type Input = Readable & { isTTY?: boolean | undefined };
export type Sink = Writable & { isTTY?: boolean | undefined; columns?: number | undefined };

/** All that a command sees of the process around it, so that a test can be that process. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Fires when the user or the system asks for the end; its reason is an InterruptedError (`interruption`). */
  readonly signal: AbortSignal;
}

/** What one run of the program knows: its surroundings, and the exit code its command has come to. */
export interface Invocation {
  readonly io: Io;
  exitCode: number;
}

const invocations = new WeakMap<Command, Invocation>();

/** Ties a run to its command tree: Commander builds the tree's commands itself and has no place for it. */
export function bindInvocation(program: Command, invocation: Invocation): void {
  invocations.set(program, invocation);
}

/** The run that a command, at whatever depth, belongs to. */
export function invocationOf(command: Command): Invocation {
  let root = command;
  while (root.parent) root = root.parent;
  const invocation = invocations.get(root);
  if (!invocation) throw new Error(`command ${command.name()} is not part of a program`);
  return invocation;
}

/** Everything a stream holds, as UTF-8 text. For what is small by nature: a statement, a vector. */
export async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes and waits until the stream has passed the data on, so that memory holds one piece at a time. @throws what the stream failed with */
export function writeTo(stream: Sink, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => {
      if (!error) resolve();
      else
        reject(
          isClosedPipe(error) ? new ClosedPipeError(error.message) : Object.assign(error, { path: 'stdout' }),
        );
    });
  });
}
