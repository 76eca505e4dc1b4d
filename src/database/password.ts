import { DatabaseError } from '../errors.ts';
import type { Password } from './libpq/settings.ts';

/** Long enough for a cloud's command line to fetch a token. */
const COMMAND_TIMEOUT_MS = 60_000;

/**
 * The password for one new connection to the host at `index` of the settings' hosts, asked for when the server
 * wants one. A command runs each time: what it prints may be short-lived.
 * @throws DatabaseError when there is none; no message holds a password
 */
export async function obtainPassword(password: Password, index: number): Promise<string> {
  const value = await find(password, index);
  if (value) return value;
  throw new DatabaseError('the server asks for a password, and none is given', {
    code: 'authentication',
    hint: 'give one in PGPASSWORD, ~/.pgpass, the URL, or by PGV_PASSWORD_COMMAND',
  });
}

/** Where the password comes from, as it may be shown; undefined where there is none. */
export function passwordSource(password: Password): string | undefined {
  return password.kind === 'none' ? undefined : password.source;
}

function find(password: Password, index: number): Promise<string> | string | undefined {
  switch (password.kind) {
    case 'none':
      return undefined;
    case 'fixed':
      return password.value;
    case 'by-host':
      return password.values[index];
    case 'command':
      return runCommand(password.command);
  }
}

async function runCommand(command: string): Promise<string> {
  // Loaded when it is needed: few passwords are had so.
  const { exec } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    exec(command, { timeout: COMMAND_TIMEOUT_MS, windowsHide: true }, (error, stdout) => {
      if (error === null) {
        resolve(stdout.trim());
        return;
      }
      // Neither the command nor what it wrote is shown, not even as the cause: both may hold a secret.
      const how = error.killed
        ? 'took longer than a minute'
        : `failed with exit code ${error.code ?? error.signal}`;
      reject(
        new DatabaseError(`PGV_PASSWORD_COMMAND ${how}`, {
          code: 'authentication',
          hint: 'run the command by hand to see why',
        }),
      );
    });
  });
}
