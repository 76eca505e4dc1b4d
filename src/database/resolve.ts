import { resolve as resolvePath } from 'node:path';
import { variable } from '../environment.ts';
import { UsageError } from '../errors.ts';
import type { Configuration } from './configuration.ts';
import type { Target } from './database.ts';
import { parseConninfo } from './libpq/conninfo.ts';
import type { Parameters } from './libpq/keywords.ts';
import { describeServer, resolveServer, type ServerSettings } from './libpq/settings.ts';
import { realSystem, type System } from './libpq/system.ts';
import { isPostgresUrl, parseUrl } from './libpq/url.ts';

/** Who decided which database is meant, in the order in which they are asked. */
export type TargetSource = 'flag' | 'PGV_URL' | 'DATABASE_URL' | 'libpq' | 'configuration' | 'default';

export interface ResolveOptions {
  /** As -d gives it: a URL, a conninfo string, a database's name, `pglite:<dir>`. */
  url?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Where `./.pgv` is, and what a relative `pglite:` directory starts from. */
  cwd: string;
  configuration?: Configuration | undefined;
  /** What is read of the machine: default, this one. */
  system?: System;
}

/** Which database is meant, before anything is opened. */
export type ResolvedTarget = {
  source: TargetSource;
  target: Target;
  /** What the user should act on, such as a password file that is ignored; one line each. */
  warnings: readonly string[];
} & (
  | { kind: 'server'; settings: ServerSettings }
  /** An absolute path, or null for a database in memory. */
  | { kind: 'embedded'; directory: string | null }
);

/** libpq's variables that name a server; the others only say how to get there. */
const namingVariables = ['PGSERVICE', 'PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE'];

/**
 * Decides which database is meant: the flag, PGV_URL, DATABASE_URL, libpq's variables, the configuration file,
 * the embedded database in ./.pgv; the first that is there.
 * @throws UsageError for a variable that is set but empty, and for settings that cannot be understood
 */
export function resolveTarget(options: ResolveOptions): ResolvedTarget {
  const { env } = options;
  variable(env, 'PGV_PASSWORD_COMMAND');
  if (options.url !== undefined) return named(options.url, 'flag', options);
  for (const name of ['PGV_URL', 'DATABASE_URL'] as const) {
    const url = variable(env, name);
    if (url !== undefined) return named(url, name, options);
  }
  const variables = namingVariables.filter((name) => variable(env, name) !== undefined);
  if (variables.length > 0) return server(new Map(), 'libpq', options);
  if (options.configuration?.url !== undefined)
    return named(options.configuration.url, 'configuration', options);
  if (embeddedIsForbidden(env)) {
    throw new UsageError('no database is named, and PGV_EMBEDDED=0 forbids the embedded one', {
      code: 'no-database',
      hint: 'name one with -d, PGV_URL, DATABASE_URL or PGHOST',
    });
  }
  return embedded('./.pgv', 'default', options);
}

function embeddedIsForbidden(env: NodeJS.ProcessEnv): boolean {
  const value = variable(env, 'PGV_EMBEDDED') ?? '1';
  if (value !== '0' && value !== '1') {
    throw new UsageError('PGV_EMBEDDED is neither 0 nor 1', {
      hint: '0 forbids the embedded database as a default',
    });
  }
  return value === '0';
}

function named(text: string, source: TargetSource, options: ResolveOptions): ResolvedTarget {
  if (text.trim() === '') {
    throw new UsageError('the database to connect to is named by an empty text', {
      hint: 'give a URL, a conninfo string, a name, or pglite:<dir>',
    });
  }
  const embeddedDirectory = /^pglite:(.*)$/is.exec(text)?.[1];
  if (embeddedDirectory !== undefined) return embedded(embeddedDirectory, source, options);
  return server(parseName(text), source, options);
}

/** A URL, a conninfo string, or a bare database name. What cannot be read is never shown: it may hold a password. */
function parseName(text: string): Parameters {
  if (isPostgresUrl(text)) return parseUrl(text);
  const scheme = /^([a-z][\w+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) {
    throw new UsageError(`database URL has the unknown scheme "${scheme}"`, {
      hint: 'write postgresql://…, or pglite:<dir> for an embedded database',
    });
  }
  if (text.includes('=')) return parseConninfo(text);
  if (/:.*@/.test(text)) {
    throw new UsageError('database URL has no scheme', { hint: 'put postgresql:// before it' });
  }
  if (/^\.{0,2}[/\\]/.test(text)) {
    throw new UsageError(`${text} is the name of a directory, and of no database`, {
      hint: `an embedded database in it is pglite:${text}`,
    });
  }
  return new Map([['dbname', text]]);
}

function server(typed: Parameters, source: TargetSource, options: ResolveOptions): ResolvedTarget {
  const warnings: string[] = [];
  const settings = resolveServer(typed, options.env, options.system ?? realSystem, (line) =>
    warnings.push(line),
  );
  return {
    kind: 'server',
    settings,
    source,
    target: { kind: 'server', description: describeServer(settings) },
    warnings,
  };
}

function embedded(directory: string, source: TargetSource, options: ResolveOptions): ResolvedTarget {
  const inMemory = directory === '';
  const place = inMemory ? 'memory' : directory;
  return {
    kind: 'embedded',
    directory: inMemory ? null : resolvePath(options.cwd, directory),
    source,
    target: { kind: 'embedded', description: `embedded database in ${place}` },
    warnings: [],
  };
}
