import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

export interface Keeper {
  /** Cleans up now; resolves when that is done. */
  release(): Promise<void>;
}

/**
 * Runs a shell script when `release` is called, or else when this process ends, by whatever cause: a keeper
 * process waits on a pipe that only we hold open, which kill -9 closes too.
 * @param script may use `$1`, `$2`… for `args`
 */
export function keeper(script: string, args: readonly string[]): Keeper {
  // A session of its own, so that Ctrl-C on the terminal does not reach it before its work is done.
  const child = spawn('sh', ['-c', `trap '' HUP INT TERM; cat >/dev/null; ${script}`, 'keeper', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  child.unref();
  (child.stdin as Socket).unref();
  return {
    async release() {
      child.ref();
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}

/** Whether the process of that id runs, as far as we may know. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
