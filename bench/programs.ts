import { fileURLToPath } from 'node:url';
import { startServer } from '../test/support/server/provision.ts';
import { type Command, type Contestant, run } from './turns.ts';

const program = fileURLToPath(new URL('../dist/pgv.js', import.meta.url));

/** The built program. */
export function pgv(...args: string[]): Command {
  return { command: [process.execPath, program, ...args] };
}

/** A server that keeps what it is given as one in earnest does, with the table `docs` to load into. */
export interface BenchServer {
  readonly url: string;
  /** psql, running these commands one after the other. */
  psql(...commands: string[]): Command;
  /** pgbench, running statements from its stdin. */
  pgbench(statements: string, ...args: string[]): Command;
  /** `pgv ingest` into docs, with two lanes; with neither ANALYZE nor VACUUM, as psql does neither. */
  ingest(file: string, ...flags: string[]): Command;
  /** `pgv export` of docs, with two lanes. */
  export(...flags: string[]): Command;
  /** Runs commands of psql to their end. */
  run(...commands: string[]): Promise<void>;
  /** Empties the table. */
  empty(): Promise<void>;
  /** Fails unless the table has so many rows: a load that does nothing is quick. */
  expectRows(rows: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param columns of the table docs */
export async function benchServer(columns: string): Promise<BenchServer> {
  const server = await startServer({ settings: { shared_buffers: '1GB', max_wal_size: '4GB', fsync: 'on' } });
  const psql: BenchServer['psql'] = (...commands) => ({
    command: [
      ...server.psql.command,
      '-qAtXv',
      'ON_ERROR_STOP=1',
      ...commands.flatMap((command) => ['-c', command]),
    ],
    environment: { ...server.psql.environment, PGOPTIONS: '-c client_min_messages=warning' },
  });
  const runPsql = (...commands: string[]) =>
    run({ name: commands.join('; '), commands: [psql(...commands)] });
  await runPsql('CREATE EXTENSION IF NOT EXISTS vector', `CREATE TABLE docs (${columns})`);
  return {
    url: server.url,
    psql,
    pgbench: (statements, ...args) => ({
      command: [...programBeside(server.psql.command, 'pgbench'), ...args, '-f', '-'],
      environment: server.psql.environment,
      input: async function* () {
        yield Buffer.from(statements);
      },
    }),
    ingest: (file, ...flags) =>
      pgv('ingest', file, '-t', 'docs', ...flags, '-d', server.url, '--jobs', '2', '--vacuum', 'never', '-q'),
    export: (...flags) => pgv('export', 'docs', ...flags, '-d', server.url, '--jobs', '2', '-q'),
    run: runPsql,
    empty: () => runPsql('TRUNCATE docs', 'CHECKPOINT'),
    expectRows: (rows) => runPsql(`SELECT 1 / (count(*) = ${rows})::int FROM docs`),
    stop: () => server.stop(),
  };
}

/** The command of another program that lies beside psql. */
function programBeside(psql: readonly [string, ...string[]], name: string): [string, ...string[]] {
  const [first, ...rest] = psql.map((word) => word.replace(/(^|\/)psql$/, `$1${name}`));
  return [first!, ...rest];
}

/** One process, or several at once. */
export function contestant(name: string, ...commands: Command[]): Contestant {
  return { name, commands };
}
