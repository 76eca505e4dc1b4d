import { spawn } from 'node:child_process';

/**
 * Has Linux schedule this process as a batch job: a thread that is woken waits for its turn, where it would else take
 * the place of whoever runs. A server on the same machine wakes a lane with every 8 kB that it sends, and would lose its
 * core to it as often: two lanes that export at full speed take a fifth less time so.
 * https://man7.org/linux/man-pages/man7/sched.7.html (SCHED_BATCH). Node has no call for it; where there is no chrt, of
 * util-linux, all stays as it is.
 */
export function scheduleAsBatch(): void {
  if (process.platform !== 'linux') return;
  const args = ['--batch', '--all-tasks', '--pid', '0', String(process.pid)];
  spawn('chrt', args, { stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}
