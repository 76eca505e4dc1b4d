import type { TransferListItem } from 'node:worker_threads';
import type { Limits } from './limits.ts';

/** A statement as `src/sql` writes it: text with $1… and the values for them. */
export interface Statement {
  text: string;
  values?: readonly unknown[];
}

/**
 * Rows as objects by column name. Values: boolean, int2, int4, oid, float4, float8 as JavaScript's own; int8 as
 * number where it is a safe integer, else as string; json and jsonb parsed, their integers likewise; arrays of text,
 * name and int as arrays; NULL as null; every other type as PostgreSQL's text (src/database/values.ts, the same on
 * both kinds).
 */
export interface QueryResult<Row> {
  rows: Row[];
  /** Names of the result's columns, in order, a second `a` as `a_2`; empty where the statement gives no rows at all. */
  columns: string[];
  /** The type of each: its OID, and the modifier that it was declared with (−1: none). */
  types: readonly { oid: number; modifier: number }[];
  /** Rows returned or affected. */
  rowCount: number;
}

/**
 * Takes bytes, runs of any size, which are written over once it has returned. Where that is a promise, no more is read
 * until it has resolved.
 */
export type TakeBytes = (bytes: Uint8Array) => Promise<void> | undefined;

/** What runs statements: a database outside a transaction, or one transaction. */
export interface Session {
  /** On the embedded database there are none. */
  readonly limits: Limits;
  query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
  ): Promise<QueryResult<Row>>;
  /**
   * Runs `COPY … FROM STDIN` with the bytes of `chunks` (runs of any size, best 64 KB to 1 MB), pulled as fast as
   * the database takes them. When `chunks` throws, the COPY fails as a whole, nothing of it is stored, the session
   * stays usable, and that same error is thrown. A chunk is used up before the next is asked for, so that its memory can
   * be filled again; one that is all of its buffer may be given away.
   * @returns the number of rows stored
   */
  copyIn(sql: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number>;
  /**
   * Runs `COPY … TO STDOUT`, and has `take` take its bytes as they come. When `take` throws, or rejects, so does this:
   * on a server the connection ends with it, and the backend, which would send the rest to nobody.
   */
  copyOut(sql: string, take: TakeBytes): Promise<void>;
}

export type SendBehind = <Row extends object>(
  first: string,
  second: string,
) => [Promise<QueryResult<Record<string, unknown>>>, Promise<QueryResult<Row>>];

/** One open database, a server's connection or the embedded one. One caller at a time, as a connection is. */
export interface Database extends Session {
  readonly target: Target;
  /** Lanes that can work side by side: 1 on the embedded database, Infinity on a server. */
  readonly maxLanes: number;
  /**
   * A pooler may serve each transaction with another session of the server: then what is set for a session, or locked by it,
   * is another's too, and only what is local to a transaction holds.
   */
  readonly isPooled: boolean;
  /** Nothing stands between us and the server: its backend is ours as long as it lives. */
  readonly isDirect: boolean;
  /** Runs `work` between BEGIN and COMMIT; whatever it throws is a ROLLBACK and thrown on. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Runs statements one after the other in a transaction of their own that only reads, all sent at once: it takes one
   * round trip. On a server further calls need not wait for the answer to one; they are answered in order.
   * @returns each one's result
   */
  readTogether(statements: readonly Statement[]): Promise<QueryResult<Record<string, unknown>>[]>;
  /**
   * Runs two statements, the second sent with the first, to run whatever comes of that. Undefined where the connection is not
   * direct, or it saves nothing.
   * @param first one that ends a transaction
   * @param second one that begins another, in the same session
   * @returns the answer to each
   */
  readonly sendBehind: SendBehind | undefined;
  /** What another thread, or this one, needs to open the same database once more (see `connectLane`). */
  lane(): Promise<{ address: LaneAddress; transfer: TransferListItem[] }>;
  /**
   * Tells the listener the message of every notice and warning that the database sends with its answers.
   * @returns what ends that
   */
  onNotice(listener: (message: string) => void): () => void;
  /** Ends what runs now, on the server too: the pending call rejects with InterruptedError. Close afterwards. */
  cancel(): Promise<void>;
  /** Gives the connection up as if it had been lost: whatever is pending rejects so. */
  disconnect(): void;
  close(): Promise<void>;
  /**
   * Closes at the end of all work, without waiting for a server to let go: locks, and the connection's place among those
   * that it allows, may be held for some milliseconds more.
   */
  leave(): Promise<void>;
}

/** Which database is meant, as it is named to people and in JSON. Never holds a password. */
export interface Target {
  kind: 'server' | 'embedded';
  /** `app on db.example.com:5432 as alice`, or `embedded database in ./.pgv`. */
  description: string;
}

/** Structured-cloneable; opaque to everybody but src/database. */
export type LaneAddress = { kind: 'server'; settings: unknown } | { kind: 'embedded'; port: unknown };
