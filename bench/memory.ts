import { readFileSync } from 'node:fs';
import { atMost, row } from './table-row.ts';
import { type Command, runCommand } from './turns.ts';

const megabyte = 1e6;
/** What a process may hold, in bytes. */
export const limit = 300 * megabyte;

export const inMegabytes = (bytes: number): string => `${Math.round(bytes / megabyte)} MB`;

/** Writes a row of README's table to stdout. @param most bytes that are allowed */
export function tellPeak(work: string, peak: number, most: number): void {
  row(`peak memory, ${work}`, inMegabytes(peak), inMegabytes(most), peak / most, atMost(1));
}

/** The largest resident set of a process, in bytes. Linux alone, as it reads /proc. */
export async function peakOf(command: Command): Promise<number> {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  await runCommand('pgv', command, (pid) => {
    timer = setInterval(() => {
      peak = Math.max(peak, highWater(pid));
    }, 20);
  }).finally(() => clearInterval(timer));
  return peak;
}

/** Linux keeps the largest size itself, so that only the last moment before the process ends goes unseen. */
function highWater(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0; // It has just ended.
    throw error;
  }
}
