/** How a server for tests differs from the ordinary one. */
export interface ServerOptions {
  /** Lines of postgresql.conf, by name, unquoted; they win over ours. */
  settings?: Readonly<Record<string, string>>;
  /**
   * Lines of pg_hba.conf, before the last ones, which trust everybody on this machine. Addresses are best `all`:
   * to a server in Docker we come from elsewhere.
   */
  hba?: readonly string[];
  /** Files in the data directory, by name, readable by the server alone: certificates and their like. */
  files?: Readonly<Record<string, string>>;
  /** A server on which the extension `vector` is not available. */
  withoutPgvector?: boolean;
}

/** A running server, as plain data, so that vitest can hand it to the processes that run the tests. */
export interface TestServer {
  /** One line for people: which server this is and where it came from. */
  description: string;
  /** The superuser over TCP, database `postgres`; no password unless PGV_TEST_URL has one. */
  url: string;
  /** The folder of the server's unix socket, as processes outside the server's own tree see it. */
  socketDirectory: string | null;
  /** What runs psql against this server: the command with its first arguments, and the environment it needs. */
  psql: { command: readonly [string, ...string[]]; environment: Readonly<Record<string, string>> };
}

/** A server that its starter must stop; it also ends by itself when the starter's process does. */
export interface OwnServer extends TestServer {
  stop(): Promise<void>;
}

/** `postgresql://postgres@127.0.0.1:5432/postgres`, for a server that trusts this machine. */
export function localUrl(port: number): string {
  return `postgresql://postgres@127.0.0.1:${port}/postgres`;
}
