import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../src/database/database.ts';
import { variable } from '../../src/environment.ts';
import { UsageError } from '../../src/errors.ts';
import { findTable } from '../../src/operations/tables.ts';
import type { Context } from '../context.ts';

export interface DatabaseFlags {
  from?: string;
  to?: string;
}

/**
 * Opens the two databases: those named as arguments, by --from and --to, or by PGV_FROM and PGV_TO.
 * @throws UsageError where one is not named, both are one embedded database, or the table is not there
 */
export async function openBoth(
  { connect, io, options, table }: Context<DatabaseFlags & { dryRun?: true }>,
  args: readonly (string | undefined)[],
): Promise<{ from: Database; to: Database }> {
  const urls = namesOf(args, options);
  const from = urls.from ?? variable(io.env, 'PGV_FROM');
  const to = urls.to ?? variable(io.env, 'PGV_TO');
  if (from === undefined) throw notNamed('from', 'PGV_FROM');
  if (to === undefined) throw notNamed('to', 'PGV_TO');
  refuseSameDirectory(from, to, io.cwd);
  // Where both are embedded, neither has what the flags limit.
  const limitsServersOnly = ![from, to].every((url) => /^pglite:/i.test(url));
  const source = await connect(from, { writes: false, createsEmbedded: false, limitsServersOnly }).catch(
    namesAnother,
  );
  // Before an embedded database is made for what is not there.
  await findTable(source, table);
  const target = { writes: !options.dryRun, createsEmbedded: true, limitsServersOnly };
  return { from: source, to: await connect(to, target) };
}

/** Arguments fill what no flag names: `pgv copy --from a b`. */
function namesOf(args: readonly (string | undefined)[], { from, to }: DatabaseFlags): DatabaseFlags {
  const rest = args.filter((argument) => argument !== undefined);
  const named = { from: from ?? rest.shift(), to: to ?? rest.shift() };
  if (rest.length > 0) {
    throw new UsageError('a database is named twice, as an argument and by --from or --to', {
      hint: 'pgv copy <from> <to> -t <table>',
    });
  }
  return Object.fromEntries(Object.entries(named).filter(([, url]) => url !== undefined));
}

/** Nothing is copied from a database that is not there. */
function namesAnother(error: unknown): never {
  throw error instanceof UsageError && error.code === 'no-database'
    ? error.withHint('name another as <from>, or with --from or PGV_FROM')
    : error;
}

function notNamed(which: string, name: string): UsageError {
  return new UsageError(`no database is named to copy ${which}`, {
    code: 'no-database',
    hint: `pgv copy <from> <to> -t <table>; or --${which} and ${name} name it`,
  });
}

/** An embedded database has one session, which cannot send rows and take them at once. */
function refuseSameDirectory(from: string, to: string, cwd: string): void {
  const [one, other] = [from, to].map((url) => directoryOf(url, cwd));
  if (one === undefined || one !== other) return;
  throw new UsageError('both are one embedded database, which cannot send and take rows at once', {
    code: 'same-database',
    hint: "`pgv sql 'CREATE TABLE … AS SELECT …'` copies within it",
  });
}

function directoryOf(url: string, cwd: string): string | undefined {
  const directory = /^pglite:(.+)$/is.exec(url)?.[1];
  if (directory === undefined) return undefined;
  const absolute = path.resolve(cwd, directory);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute; // not there yet, or told of when it is opened
  }
}
