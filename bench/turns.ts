import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A process to run. */
export interface Command {
  command: readonly [string, ...string[]];
  environment?: Readonly<Record<string, string>>;
  /** All of stdin; by default it is empty. */
  input?: () => AsyncIterable<Buffer>;
}

/** One way of doing the work that is compared: whole processes, where there are several at once. */
export interface Contestant {
  name: string;
  commands: readonly Command[];
}

/** What a contestant took, in each round. */
export interface Timed {
  name: string;
  /** Wall clock. */
  seconds: number[];
}

/**
 * Times the contestants in turns, so that a machine whose speed drifts treats them alike. What each took is told on
 * stderr.
 * @param around run before and after each, not timed
 */
export async function timeInTurns(
  contestants: readonly Contestant[],
  rounds: number,
  around: { before?: () => Promise<void>; after?: () => Promise<void> } = {},
): Promise<Timed[]> {
  const timed: Timed[] = contestants.map(({ name }) => ({ name, seconds: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      await around.before?.();
      const started = performance.now();
      await run(contestant);
      timed[i]!.seconds.push((performance.now() - started) / 1000);
      await around.after?.();
    }
  }
  for (const { name, seconds } of timed) {
    const all = seconds.map((value) => value.toFixed(3)).join(', ');
    process.stderr.write(`  ${name.padEnd(32)} ${median(seconds).toFixed(3)} s   (${all})\n`);
  }
  return timed;
}

/** Runs a contestant to its end. @throws Error with what it wrote to stderr, where it fails */
export async function run({ name, commands }: Contestant): Promise<void> {
  await Promise.all(commands.map((command) => runCommand(name, command)));
}

/**
 * Node reads the certificates of NODE_EXTRA_CA_CERTS at each start, whatever it does then, which has nothing to do with what
 * is compared: it is left out.
 * @param watch is told the process's id when it has begun */
export async function runCommand(
  name: string,
  { command: [file, ...args], environment, input }: Command,
  watch?: (pid: number) => void,
): Promise<void> {
  const child = spawn(file, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...environment },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close');
  if (child.pid !== undefined) watch?.(child.pid);
  // Where a process ends before it has read everything, its status and its words say why.
  const fed = pipeline(Readable.from(input?.() ?? []), child.stdin).catch(() => {});
  const [status] = await ended;
  await fed;
  if (status !== 0) throw new Error(`${name} failed with ${status}: ${said}`);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
