import type { Readable, Writable } from 'node:stream';

/** A result of a query, every value as node-postgres's default text parsing gives it. */
export interface QueryResult<Row> {
  rows: Row[];
  /** Rows affected, for INSERT, UPDATE, DELETE, COPY. */
  rowCount: number;
}

/** A statement as `src/sql` writes it: text with $1… and its values. */
export interface Statement {
  text: string;
  values?: readonly unknown[];
}

/** What runs statements: a database outside a transaction, or the transaction itself. */
export interface Session {
  query<Row extends object = Record<string, unknown>>(statement: Statement | string): Promise<QueryResult<Row>>;
  /**
   * Runs `COPY … FROM STDIN`. Chunks are whole runs of bytes of any size, best 64 KB and more; the source is
   * pulled as fast as the database takes it. A source that throws makes the COPY fail as a whole, and its
   * error is thrown. Resolves to the number of rows.
   */
  copyIn(sql: string, chunks: AsyncIterable<Uint8Array>): Promise<number>;
  /** Runs `COPY … TO STDOUT`, as its bytes come. Destroying the stream early ends the session's connection. */
  copyOut(sql: string): Promise<Readable>;
}

/** One open database: a server's connection or the embedded one. Used by one caller at a time. */
export interface Database extends Session {
  readonly target: Target;
  /** Runs `work` between BEGIN and COMMIT; any throw is a ROLLBACK. */
  transaction<T>(work: (session: Session) => Promise<T>, begin?: string): Promise<T>;
  /**
   * What a worker thread needs to open the same database again with `connect` (a lane). Structured-cloneable
   * but for what `transfer` lists.
   */
  lane(): Promise<{ address: LaneAddress; transfer: readonly import('node:worker_threads').TransferListItem[] }>;
  /** How many lanes can work side by side: 1 on the embedded database, unbounded on a server. */
  readonly maxLanes: number;
  /** Stops what runs now: the pending call rejects with InterruptedError. The database is closed afterwards. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Which database is meant, as it is named to people. Never holds a password. */
export interface Target {
  kind: 'server' | 'embedded';
  /** One line: `postgres@db.example.com:5432/app` or `embedded database in ./.pgv`. */
  description: string;
}

/** Opaque to everybody but src/database. */
export type LaneAddress = { kind: 'server'; settings: unknown } | { kind: 'embedded'; port: unknown };

export type { Readable, Writable };
