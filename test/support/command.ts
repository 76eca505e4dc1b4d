import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { Unavailable } from './unavailable.ts';

const execute = promisify(execFile);

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout
 * @throws Unavailable with the last lines that it wrote, when it fails, is missing or takes too long
 */
export async function command(
  program: string,
  args: readonly string[],
  options: { seconds?: number; cwd?: string } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: (options.seconds ?? 60) * 1000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const failure = cause as Error & { stderr?: string; stdout?: string; code?: string; killed?: boolean };
    if (failure.code === 'ENOENT') throw new Unavailable(`there is no ${program} here`);
    const said = (failure.stderr || failure.stdout || failure.message)
      .trim()
      .split('\n')
      .slice(-5)
      .join('\n');
    const how = failure.killed ? 'took too long' : 'failed';
    throw new Unavailable(`${program} ${args[0] ?? ''} ${how}: ${said}`, { cause });
  }
}

/** A TCP port of this machine that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const listener = createServer();
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as { port: number };
      listener.close(() => resolve(port));
    });
  });
}
