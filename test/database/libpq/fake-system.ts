import type { System } from '../../../src/database/libpq/system.ts';

/** A machine of the test's own: a Linux with these files and this user. */
export function fakeSystem(
  files: Record<string, string | { text: string; mode: number }> = {},
  { user = 'me', platform = 'linux' as NodeJS.Platform } = {},
): System {
  return {
    platform,
    user: () => user,
    home: () => '/home/me',
    read: (path) => {
      const file = files[path];
      return typeof file === 'string' ? file : file?.text;
    },
    exists: (path) => path in files,
    stat: (path) => {
      const file = files[path];
      if (file === undefined) return undefined;
      return { isFile: true, mode: typeof file === 'string' ? 0o600 : file.mode };
    },
  };
}
