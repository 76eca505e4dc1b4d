import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { TestServer } from './test-server.ts';

/** What psql reads on its stdin. A file goes that way too, as a psql in a container sees none of ours. */
export type PsqlInput = string | Uint8Array | { file: string };

/**
 * Runs psql without its rc file and as superuser, stopping at the first error.
 * @param options.database default: the server's own, `postgres`
 * @returns stdout, as bytes
 * @throws Error with psql's stderr, when it exits other than 0
 */
export async function psql(
  server: TestServer,
  args: readonly string[],
  options: { database?: string; input?: PsqlInput } = {},
): Promise<Buffer> {
  const { command, environment } = server.psql;
  const [program, ...first] = command;
  const database = options.database === undefined ? [] : ['-d', options.database];
  const child = spawn(program, [...first, '-X', '-q', '-v', 'ON_ERROR_STOP=1', ...database, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8', ...environment },
    stdio: 'pipe',
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A psql that has seen enough closes its stdin; its exit code says whether that was an error.
  const fed = pipeline(source(options.input ?? ''), child.stdin).catch(() => {});
  const [code, stdout, stderr] = await Promise.all([exit, buffer(child.stdout), text(child.stderr), fed]);
  if (code !== 0) throw new Error(`psql exited ${code}: ${stderr.trim()}`);
  return stdout;
}

function source(input: PsqlInput): Readable {
  if (typeof input === 'object' && 'file' in input) return createReadStream(input.file);
  return Readable.from([Buffer.from(input)]);
}
