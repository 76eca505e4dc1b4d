import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { addParameter, type Parameters } from './keywords.ts';
import type { System } from './system.ts';

/** Where distributions compile libpq's system-wide directory to. */
const SYSTEM_DIRECTORIES = [
  '/etc/postgresql-common',
  '/etc/sysconfig/pgsql',
  '/usr/local/etc/postgresql',
  '/etc',
];

/**
 * The settings of one service: from the user's file (the given one, else ~/.pg_service.conf), else from the
 * system's. https://www.postgresql.org/docs/current/libpq-pgservice.html
 * @throws UsageError when no file defines it, or the one that does is malformed
 */
export function readService(
  name: string,
  userFile: string | undefined,
  env: NodeJS.ProcessEnv,
  system: System,
): Parameters {
  if (userFile && !system.exists(userFile)) {
    throw new UsageError(`service file ${userFile} does not exist`, { hint: 'check PGSERVICEFILE' });
  }
  const home = env.HOME || system.home();
  const directories = env.PGSYSCONFDIR ? [env.PGSYSCONFDIR] : SYSTEM_DIRECTORIES;
  const files = [
    userFile || join(home, '.pg_service.conf'),
    ...directories.map((at) => join(at, 'pg_service.conf')),
  ];
  for (const file of files) {
    const text = system.read(file);
    const service = text === undefined ? undefined : findService(text, name, file);
    if (service !== undefined) return service;
  }
  throw new UsageError(`service "${name}" is not defined`, {
    hint: `define it as [${name}] in ${files[0]}`,
  });
}

function findService(text: string, name: string, file: string): Parameters | undefined {
  let service: Parameters | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (service !== undefined) return service; // the next section: ours is complete
      if (line === `[${name}]`) service = new Map();
    } else if (service !== undefined) {
      readLine(service, line, `${file}, line ${index + 1}`);
    }
  }
  return service;
}

function readLine(service: Parameters, line: string, place: string): void {
  const equals = line.indexOf('=');
  if (equals <= 0)
    throw new UsageError(`${place} is no keyword=value`, { hint: 'write one keyword=value a line' });
  const keyword = line.slice(0, equals);
  if (keyword === 'service' || keyword === 'servicefile') {
    throw new UsageError(`${place} names another service`, {
      hint: 'services do not nest: write its settings here',
    });
  }
  if (!service.has(keyword)) addParameter(service, keyword, line.slice(equals + 1), place);
}
