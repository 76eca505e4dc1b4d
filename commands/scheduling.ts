import { readFileSync } from 'node:fs';

/**
 * Has Linux schedule this process as a batch job: a thread that is woken waits for its turn, where it would else take
 * the place of whoever runs. A server on the same machine wakes a lane with every 8 kB that it sends, and would lose its
 * core to it as often: two lanes that export at full speed take a fifth less time so.
 * https://man7.org/linux/man-pages/man7/sched.7.html (SCHED_BATCH). Node has no call for it; where there is no chrt, of
 * util-linux, all stays as it is, and so does what somebody has chosen for the process.
 */
export function scheduleAsBatch(): void {
  if (process.platform !== 'linux' || !isScheduledAsUsual()) return;
  const args = ['--batch', '--all-tasks', '--pid', '0', String(process.pid)];
  // Loaded when it is needed: few commands do this.
  import('node:child_process')
    .then(({ spawn }) => {
      spawn('chrt', args, { stdio: 'ignore' })
        .on('error', () => {})
        .unref();
    })
    .catch(() => {});
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 41 is the policy, and SCHED_OTHER is 0. */
function isScheduledAsUsual(): boolean {
  try {
    // The name in parentheses, field 2, may hold anything.
    const [, fields = ''] = /.*\) (.*)/s.exec(readFileSync('/proc/self/stat', 'latin1')) ?? [];
    return fields.split(' ')[41 - 3] === '0';
  } catch {
    return false;
  }
}
