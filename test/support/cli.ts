import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { programFlags } from './node-flags.ts';
import { scratch } from './temporary.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/pgv.js', import.meta.url));
const buildFailure = inject('buildFailure');
const SCRIPT = '/usr/bin/script';

export interface RunOptions {
  cwd?: string;
  /** Added to an environment that names no database and whose home folder is empty. */
  env?: Readonly<Record<string, string>>;
  /** All of stdin; by default it is empty. */
  input?: string | Uint8Array;
  /** Milliseconds, after which the process is killed and `pgv` rejects; default 60,000. */
  timeout?: number;
  /** Sends a signal (default SIGINT) once: after some time, when the output first matches, or when a promise resolves. */
  signalAfter?:
    | { milliseconds: number; signal?: NodeJS.Signals }
    | { promise: Promise<unknown>; signal?: NodeJS.Signals }
    | { output: RegExp; signal?: NodeJS.Signals };
}

export interface RunResult {
  /** Null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stdoutBytes: Buffer;
  stderr: string;
}

/**
 * Runs the built program as a process of its own.
 * @throws Error with what it had written, when it does not end in time
 */
export async function pgv(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  checkBuild();
  const child = spawn(process.execPath, [...programFlags, PROGRAM, ...args], {
    cwd: options.cwd ?? scratch,
    env: cleanEnvironment(options.env),
    stdio: 'pipe',
  });
  // A program that ends before it has read everything is no fault of ours.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return outcome(child, options, (signal) => child.kill(signal));
}

/** Why nothing can run on a pseudo-terminal here, or null: `test.skipIf(noTerminal)`. */
export const noTerminal: string | null = existsSync(SCRIPT)
  ? null
  : `there is no ${SCRIPT} (util-linux) here`;

/**
 * Runs the built program on a pseudo-terminal of 100 columns; stdout and stderr come as one, in `stdout`, with
 * the terminal's line ends. `signalAfter` types Ctrl-C, whichever signal it names.
 */
export async function pgvOnTerminal(
  args: readonly string[],
  options: Omit<RunOptions, 'input'> = {},
): Promise<RunResult> {
  checkBuild();
  const program = [process.execPath, ...programFlags, PROGRAM, ...args].map(shellQuoted).join(' ');
  const child = spawn(SCRIPT, ['-qec', `stty cols 100 rows 30; exec ${program}`, '/dev/null'], {
    cwd: options.cwd ?? scratch,
    env: { SHELL: '/bin/sh', TERM: 'xterm-256color', ...cleanEnvironment(options.env) },
    stdio: 'pipe',
  });
  return outcome(child, options, () => child.stdin.write('\x03'));
}

async function outcome(
  child: ChildProcessWithoutNullStreams,
  { timeout = 60_000, signalAfter }: RunOptions,
  interrupt: (signal: NodeJS.Signals) => void,
): Promise<RunResult> {
  const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(output[name]).toString('utf8');
  let awaited = signalAfter;
  const signal = () => {
    interrupt(awaited?.signal ?? 'SIGINT');
    awaited = undefined;
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      output[name].push(chunk);
      if (awaited !== undefined && 'output' in awaited && awaited.output.test(text(name))) signal();
    });
  }
  let late = false;
  const giveUp = () => {
    late = true;
    child.kill('SIGKILL');
  };
  const timers = [setTimeout(giveUp, timeout)];
  if (awaited !== undefined && 'milliseconds' in awaited)
    timers.push(setTimeout(signal, awaited.milliseconds));
  if (awaited !== undefined && 'promise' in awaited) void awaited.promise.then(signal);
  const [code, ended] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  }).finally(() => {
    for (const timer of timers) clearTimeout(timer);
  });
  if (late) {
    throw new Error(`pgv did not end in ${timeout} ms; it wrote:\n${text('stdout')}\n${text('stderr')}`);
  }
  const stdoutBytes = Buffer.concat(output.stdout);
  return { code, signal: ended, stdout: text('stdout'), stdoutBytes, stderr: text('stderr') };
}

function checkBuild(): void {
  if (buildFailure !== null) throw new Error(buildFailure);
}

/** What a program needs to run, and nothing that would tell it of the databases or the files of whoever runs the tests. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '', USER = '', LOGNAME = '' } = process.env;
  return { PATH, USER, LOGNAME, HOME: path.join(scratch, 'home'), LANG: 'C.UTF-8', TZ: 'UTC', ...extra };
}

function shellQuoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
