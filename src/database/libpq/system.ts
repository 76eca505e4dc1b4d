import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';

/** What the resolution reads of the machine besides the environment. */
export interface System {
  platform: NodeJS.Platform;
  /** The name of the operating system's user, undefined where it has none (a container's bare uid). */
  user(): string | undefined;
  home(): string;
  /** The file's text, undefined where it cannot be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** Whether it is a plain file, and its permission bits; undefined where there is none. */
  stat(path: string): { isFile: boolean; mode: number } | undefined;
}

export const realSystem: System = {
  platform: process.platform,
  user: () => orUndefined(() => userInfo().username),
  home: homedir,
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  exists: existsSync,
  stat: (path) =>
    orUndefined(() => {
      const stats = statSync(path);
      return { isFile: stats.isFile(), mode: stats.mode & 0o777 };
    }),
};

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
