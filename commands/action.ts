import type { Command } from 'commander';
import { type Context, type OpenContext, openContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { invocationOf } from './io.ts';
import { scheduleAsBatch } from './scheduling.ts';

export interface ActionNeeds<Options> {
  /** Whether the command writes to the database; a function where its flags decide (`--sql` only prints). */
  writes: boolean | ((options: Options) => boolean);
  /** Whether it may create the embedded database where there is none yet; default no. */
  createsEmbedded?: boolean;
  /**
   * Whether it needs a session of the server to itself; a function where its flags decide. Of such a command, addDirectUrl
   * names the way past a pooler.
   */
  needsSession?: boolean | ((options: Options) => boolean);
  /** The work watches the signal itself and ends in good order; the database is left to it. */
  endsItself?: boolean;
  /** Much data goes through, over lanes. */
  isBatch?: boolean;
}

/**
 * The wiring that every command shares: builds the context, runs the work, always closes, and on a signal ends what
 * the database runs. `command.action(action<Options, [string]>({ writes: false }, async (context, name) => …))`
 * @param work what the command does; what it resolves to is the exit code, default 0; what it throws is mapped to a
 *   message and an exit code in program.ts
 */
export function action<Options extends object, Arguments extends unknown[] = []>(
  needs: ActionNeeds<Options>,
  work: (context: Context<Options>, ...args: Arguments) => Promise<ExitCode | undefined> | Promise<void>,
): (...received: unknown[]) => Promise<void> {
  return async (...received) => {
    // Commander hands over the declared arguments, then the options, then the command.
    const command = received.at(-1) as Command;
    const args = received.slice(0, -2) as Arguments;
    const invocation = invocationOf(command);
    const options = command.opts() as Context<Options>['options'];
    if (needs.isBatch) scheduleAsBatch();
    const opened = openContext<Options>(invocation.io, options, {
      writes: decided(needs.writes, options),
      createsEmbedded: needs.createsEmbedded ?? false,
      needsSession: decided(needs.needsSession ?? false, options),
    });
    invocation.exitCode = await runAndClose(
      opened,
      needs.endsItself ?? false,
      async (context) => (await work(context, ...args)) ?? exitCodes.done,
    );
  };
}

function decided<Options>(need: boolean | ((options: Options) => boolean), options: Options): boolean {
  return typeof need === 'function' ? need(options) : need;
}

async function runAndClose<Options, Result>(
  { context, display, cancel, close }: OpenContext<Options>,
  endsItself: boolean,
  work: (context: Context<Options>) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const end = () => {
    display.stop();
    // Whoever waits for input waits no longer. Without an error: that would need a listener.
    context.io.stdin.destroy();
    if (endsItself) return;
    // The pending call rejects, and that is how the work ends; when not even this goes through, close() is next.
    cancel().catch(() => {});
  };
  signal.addEventListener('abort', end, { once: true });
  const run = async () => {
    try {
      signal.throwIfAborted();
      const result = await work(context);
      // Work that ran to its end without noticing the signal was still asked to stop.
      if (!endsItself) signal.throwIfAborted();
      return result;
    } finally {
      signal.removeEventListener('abort', end);
      display.stop();
    }
  };
  return thenClose(run, close);
}

/** Closes after the work; what goes wrong in the work matters more than what then goes wrong on the way out. */
async function thenClose<Result>(work: () => Promise<Result>, close: () => Promise<void>): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  await close();
  return result;
}
