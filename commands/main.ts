import { setMaxListeners } from 'node:events';
import { InternalError, interruption } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io, Sink } from './io.ts';
import { fail, run } from './program.ts';

/** The program: the only place that knows the process, and the only one that ends it. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  // Everybody on the machine sees a process's arguments, and among ours there may be a password.
  process.title = 'pgv';
  // Should the process come to its end before the work has: that is a fault.
  process.exitCode = exitCodes.internal;
  const io = processIo(abortOnSignals());
  const fault = (error: unknown) => {
    showCursor(io.stderr);
    void fail(new InternalError(error), argv, io).then(end);
  };
  process.on('uncaughtException', fault);
  process.on('unhandledRejection', fault);
  await end(await run(argv, io));
}

function processIo(signal: AbortSignal): Io {
  return {
    // Opened when it is read: merely touching it costs time, and changes a terminal's mode.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal,
  };
}

/** Milliseconds in which a signal comes twice when it was sent once: by the terminal, and by npx or timeout again. */
const sameSignal = 500;

/** The first signal asks for an orderly end; a second Ctrl-C ends at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  // Every lane of a load listens.
  setMaxListeners(0, controller.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - first < sameSignal) return;
        showCursor(process.stderr);
        process.exit(name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
      }
      first = performance.now();
      controller.abort(interruption(name));
    });
  }
  return controller.signal;
}

/** The display gives the cursor back on every road it knows; this is for the others. */
function showCursor(stderr: Sink): void {
  if (stderr.isTTY) stderr.write('\u001b[?25h');
}

/** Ends the process when what was written has left it. */
async function end(code: number): Promise<void> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function flushed(stream: Sink): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}
