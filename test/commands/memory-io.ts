import { PassThrough, Readable, Writable } from 'node:stream';
import { interruption } from '../../commands/errors.ts';
import type { Io } from '../../commands/io.ts';
import { run } from '../../commands/program.ts';
import { cleanEnvironment, pgv, type RunOptions, type RunResult } from '../support/cli.ts';
import type { DatabaseKind } from '../support/databases.ts';
import { scratch } from '../support/temporary.ts';

export interface MemoryIoOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** All of stdin; left out, stdin stays open and silent. */
  input?: string | Uint8Array;
  /** Columns of a terminal on stdout and stderr; left out, neither is one. */
  terminal?: number;
}

/** A process in memory: what `run` is given instead of the real one, and what it wrote there. */
export interface MemoryIo extends Io {
  /** Everything written so far. */
  out(): string;
  outBytes(): Buffer;
  err(): string;
  interrupt(signal?: 'SIGINT' | 'SIGTERM'): void;
}

export function memoryIo(options: MemoryIoOptions = {}): MemoryIo {
  const controller = new AbortController();
  const terminal = options.terminal === undefined ? {} : { isTTY: true, columns: options.terminal };
  const stdout = sink();
  const stderr = sink();
  return {
    stdin: options.input === undefined ? new PassThrough() : Readable.from([Buffer.from(options.input)]),
    stdout: Object.assign(stdout.stream, terminal),
    stderr: Object.assign(stderr.stream, terminal),
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    signal: controller.signal,
    out: stdout.text,
    outBytes: stdout.bytes,
    err: stderr.text,
    interrupt: (signal = 'SIGINT') => controller.abort(interruption(signal)),
  };
}

/** Runs a command line in this process. */
export async function runInMemory(
  argv: readonly string[],
  options: MemoryIoOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo(options);
  const code = await run(argv, io);
  return { code, out: io.out(), err: io.err() };
}

/**
 * Runs a command line in this process, with the surroundings and the result of `pgv()`: for tests of what a command
 * does and says, at a tenth of the price. What the built program alone can show (exits, signals, pipes, what was
 * bundled) stays with `pgv()`.
 */
export async function pgvInMemory(
  args: readonly string[],
  { cwd = scratch, env, input = '' }: Pick<RunOptions, 'cwd' | 'env' | 'input'> = {},
): Promise<RunResult> {
  const io = memoryIo({ cwd, env: cleanEnvironment(env), input });
  const code = await run(args, io);
  return { code, signal: null, stdout: io.out(), stdoutBytes: io.outBytes(), stderr: io.err() };
}

/**
 * `pgv()` for a test of both databases: the built program on a server, and in this process on the embedded one, which
 * takes a second to open in another.
 */
export function pgvOn(kind: DatabaseKind): typeof pgvInMemory {
  return kind === 'server' ? pgv : pgvInMemory;
}

function sink(): { stream: Writable; text: () => string; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk)); // its memory is the writer's again
      done();
    },
  });
  const bytes = () => Buffer.concat(chunks);
  return { stream, text: () => bytes().toString('utf8'), bytes };
}
