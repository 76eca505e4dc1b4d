import { PassThrough, Readable, Writable } from 'node:stream';
import { interruption } from '../../commands/errors.ts';
import type { Io } from '../../commands/io.ts';
import { run } from '../../commands/program.ts';

export interface MemoryIoOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** All of stdin; left out, stdin stays open and silent. */
  input?: string;
  /** Columns of a terminal on stdout and stderr; left out, neither is one. */
  terminal?: number;
}

/** A process in memory: what `run` is given instead of the real one, and what it wrote there. */
export interface MemoryIo extends Io {
  /** Everything written so far. */
  out(): string;
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

function sink(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk)); // its memory is the writer's again
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
