import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, InterruptedError, PgvError } from '../errors.ts';
import type {
  Database,
  LaneAddress,
  QueryResult,
  SendBehind,
  Session,
  Statement,
  TakeBytes,
  Target,
} from './database.ts';
import { describeHost } from './libpq/hosts.ts';
import { describeServer } from './libpq/settings.ts';
import { type Limits, limitStatements } from './limits.ts';
import { sendCancelRequest } from './server-cancel.ts';
import type { WireClient } from './server-connection.ts';
import { CopyIn } from './server-copy-in.ts';
import { CopyOut } from './server-copy-out.ts';
import { pinned } from './server-lane.ts';
import { type OpenServer, openServer } from './server-search.ts';
import { prepareSession, type SessionFacts, type SessionSettings } from './server-session.ts';
import { toPgvError } from './sqlstate.ts';
import { namedRows } from './values.ts';

/** How long a cancelled statement is waited for. */
const CANCEL_PATIENCE_MS = 3_000;
/** Until the next request, where more has been sent than the first one ends. */
const CANCEL_AGAIN_MS = 100;

/** Opens a session on the server that these settings name. @throws DatabaseError, UsageError */
export async function connectServer(settings: SessionSettings): Promise<Database> {
  const opened = await openServer(settings);
  try {
    return new ServerDatabase(settings, opened, await prepareSession(settings, opened));
  } catch (error) {
    opened.client.connection.stream.destroy();
    throw toPgvError(error, { address: describeHost(opened.route.host) });
  }
}

/** One connection to a server, through pg. */
class ServerDatabase implements Database {
  readonly maxLanes = Number.POSITIVE_INFINITY;
  readonly target: Target;
  readonly isPooled: boolean;
  readonly isDirect: boolean;
  readonly limits: Limits;
  readonly #settings: SessionSettings;
  readonly #opened: OpenServer;
  readonly #facts: SessionFacts;
  readonly #client: WireClient;
  /** What ended the connection while nothing ran: pg itself only says that it is not queryable. */
  #lost: unknown;
  readonly #cancelled = new AbortController();
  /** Settles, and never rejects, when the statement that runs has ended. */
  #running: Promise<void> | undefined;
  /** What was sent in one go and is not answered yet, in order; none rejects. */
  readonly #together = new Set<Promise<unknown>>();

  constructor(settings: SessionSettings, opened: OpenServer, facts: SessionFacts) {
    this.#settings = settings;
    this.#opened = opened;
    this.#facts = facts;
    this.#client = opened.client;
    this.isPooled = facts.isPooled;
    this.isDirect = facts.isDirect;
    this.limits = settings.limits;
    const description = describeServer({ ...settings, hosts: [opened.route.host] });
    this.target = { kind: 'server', description };
    this.#client.on('error', (error) => {
      this.#lost ??= error;
    });
  }

  async query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
  ): Promise<QueryResult<Row>> {
    const { text, values } = typeof statement === 'string' ? { text: statement } : statement;
    try {
      const config = {
        text,
        rowMode: 'array' as const,
        ...(values !== undefined && { values: [...values] }),
      };
      const result = await this.#watch(this.#client.query<unknown[]>(config));
      // Several statements in one text give several results: the last one counts.
      const last = Array.isArray(result) ? (result as (typeof result)[]).at(-1)! : result;
      const names = last.fields.map(({ name }) => name);
      const types = last.fields.map((field) => ({ oid: field.dataTypeID, modifier: field.dataTypeModifier }));
      return { ...namedRows<Row>(names, last.rows), types, rowCount: last.rowCount ?? 0 };
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async copyIn(sql: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
    const copy = this.#submit(new CopyIn(sql, !this.isDirect));
    const { stream: socket } = this.#client.connection;
    const outcome = await this.#watch(copy.send(socket, chunks, this.#cancelled.signal));
    if (outcome.kind === 'refused') throw this.#explain(outcome.error);
    if (outcome.kind === 'source-failed') throw outcome.error;
    return outcome.rows;
  }

  async copyOut(sql: string, take: TakeBytes): Promise<void> {
    const copy = this.#submit(new CopyOut(sql, take, (error) => this.#explain(error)));
    await this.#watch(copy.done);
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.query('BEGIN');
    try {
      if (this.isPooled) await this.query(limitStatements(this.limits));
      const result = await work(this);
      await this.#commit();
      return result;
    } catch (error) {
      // Where even this fails the connection is gone, and the transaction with it.
      await this.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async readTogether(statements: readonly Statement[]): Promise<QueryResult<Record<string, unknown>>[]> {
    const before = this.isPooled ? [limitStatements(this.limits)] : [];
    const running = this.#sendTogether(['BEGIN READ ONLY', ...before, ...statements, 'COMMIT']);
    // The first: those behind it only say that the transaction has failed.
    for (const outcome of await Promise.allSettled(running))
      if (outcome.status === 'rejected') throw outcome.reason;
    return (await Promise.all(running)).slice(1 + before.length, -1);
  }

  get sendBehind(): SendBehind | undefined {
    if (!this.isDirect) return undefined;
    return <Row extends object>(first: string, second: string) => {
      const [one, other] = this.#sendTogether([first, second]);
      return [one!, other as Promise<QueryResult<Row>>];
    };
  }

  async lane(): Promise<{ address: LaneAddress; transfer: [] }> {
    return { address: { kind: 'server', settings: pinned(this.#settings, this.#opened) }, transfer: [] };
  }

  onNotice(listener: (message: string) => void): () => void {
    const tell = ({ message }: { message?: string | undefined }) => listener(message ?? '');
    this.#client.on('notice', tell);
    return () => this.#client.off('notice', tell);
  }

  async cancel(): Promise<void> {
    this.#cancelled.abort(new InterruptedError());
    const until = performance.now() + CANCEL_PATIENCE_MS;
    await sendCancelRequest(this.#settings, this.#opened.route, this.#client);
    // A request ends one statement, whichever runs when it comes; what has been sent behind it runs on.
    while (this.#together.size > 0 && performance.now() < until) {
      const [first] = this.#together;
      await Promise.race([first, sleep(CANCEL_AGAIN_MS, undefined, { ref: false })]);
      if (this.#together.size > 0) await sendCancelRequest(this.#settings, this.#opened.route, this.#client);
    }
    // Whether what ran was done before the request came is only known from its answer.
    const patience = Math.max(0, until - performance.now());
    await Promise.race([this.#running, sleep(patience, undefined, { ref: false })]);
    // A server that does not answer notices at least that the connection is closed.
    this.#client.connection.stream.destroy();
  }

  /** Remembers what runs, so that a cancellation can wait for its end. */
  #watch<T>(work: Promise<T>): Promise<T> {
    this.#running = work.then(
      () => {},
      () => {},
    );
    return work;
  }

  disconnect(): void {
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** Says goodbye. Before a backend hangs up it gives its memory back, which takes it 10 ms. */
  async leave(): Promise<void> {
    const { stream } = this.#client.connection;
    const said = new Promise((resolve) => stream.once('finish', resolve));
    await Promise.race([this.#client.end(), said]);
    stream.destroy();
  }

  /** COMMIT of a transaction in which a statement failed is answered by ROLLBACK, without an error. */
  async #commit(): Promise<void> {
    let command: string;
    try {
      ({ command } = await this.#watch(this.#client.query('COMMIT')));
    } catch (error) {
      throw this.#explain(error);
    }
    if (command !== 'COMMIT') {
      throw new DatabaseError('the transaction was rolled back, for one of its statements had failed');
    }
  }

  /** Sends statements in one go, each without waiting for the answer to the one before. */
  #sendTogether(
    statements: readonly (Statement | string)[],
  ): Promise<QueryResult<Record<string, unknown>>>[] {
    const { stream } = this.#client.connection;
    this.#client.pipeline = true;
    stream.cork();
    const running = statements.map((one) => this.query(one));
    stream.uncork();
    const answered: Promise<unknown> = Promise.allSettled(running).then(() =>
      this.#together.delete(answered),
    );
    this.#together.add(answered);
    return running;
  }

  #submit<T extends CopyIn | CopyOut>(copy: T): T {
    // It takes the whole connection.
    this.#client.pipeline = false;
    return this.#client.query(copy as never) as unknown as T;
  }

  #explain(error: unknown): PgvError {
    if (this.#cancelled.signal.aborted) return new InterruptedError();
    if (error instanceof PgvError) return error;
    const isAboutLost = this.#lost !== undefined && /not queryable/.test(String(error));
    return toPgvError(isAboutLost ? this.#lost : error, {
      address: describeHost(this.#opened.route.host),
      serverVersion: this.#facts.serverVersion,
      statementLimit: this.limits.statement,
      isPooled: this.isPooled,
    });
  }
}
