import { join } from 'node:path';
import type { System } from './system.ts';

/** What a line of the password file is matched against, in its order. */
export interface PasswordKey {
  host: string;
  port: number;
  database: string;
  user: string;
}

/** ~/.pgpass, or its place on Windows. */
export function defaultPasswordFile(env: NodeJS.ProcessEnv, system: System): string {
  return system.platform === 'win32'
    ? join(env.APPDATA ?? '.', 'postgresql', 'pgpass.conf')
    : join(env.HOME || system.home(), '.pgpass');
}

/**
 * The file's text, or undefined where there is none or, as libpq has it, where it is ignored because others
 * may read it: then `warn` is told. https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export function readPasswordFile(
  file: string,
  system: System,
  warn: (line: string) => void,
): string | undefined {
  const stats = system.stat(file);
  if (stats === undefined) return undefined;
  if (!stats.isFile) {
    warn(`password file ${file} is ignored: it is not a plain file`);
    return undefined;
  }
  if (system.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    warn(`password file ${file} is ignored: others may read it, and its permissions should be 0600 or less`);
    return undefined;
  }
  return system.read(file);
}

/** The password on the first line that matches: `host:port:database:user:password`, `*` for any, \: and \\ escaped. */
export function findPassword(text: string, key: PasswordKey): string | undefined {
  const wanted = [key.host, String(key.port), key.database, key.user];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):(.*)$/.exec(line);
    if (match === null) continue;
    const fields = match.slice(1, 5);
    if (wanted.every((value, index) => fields[index] === '*' || unescaped(fields[index]!) === value)) {
      return unescaped(match[5]!) || undefined;
    }
  }
  return undefined;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
