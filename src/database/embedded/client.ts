import { MessageChannel, type MessagePort, type TransferListItem, type Worker } from 'node:worker_threads';
import { DatabaseError, InterruptedError, type PgvError } from '../../errors.ts';
import type {
  Database,
  LaneAddress,
  QueryResult,
  Session,
  Statement,
  TakeBytes,
  Target,
} from '../database.ts';
import { inTurn } from '../in-turn.ts';
import { namedRows, parserOf } from '../values.ts';
import { feedCopy, readCopy } from './copy-client.ts';
import { copyDevice } from './copy-device.ts';
import { toParameter } from './parameters.ts';
import { type Answer, newCounter, type Reply, type Request } from './protocol.ts';
import { unpackError } from './wire-error.ts';

interface Pending {
  resolve: (reply: Reply) => void;
  reject: (error: PgvError) => void;
}

type Asked = { [K in Request['kind']]: Omit<Extract<Request, { kind: K }>, 'id'> }[Exclude<
  Request['kind'],
  'lane'
>];

/** The embedded database as one thread sees it: requests over a port to the thread that PGlite runs in. */
export class EmbeddedClient implements Database {
  readonly maxLanes = 1;
  readonly isPooled = false;
  readonly isDirect = true;
  readonly limits = { statement: 0, lock: 0 };
  readonly target: Target;
  readonly #port: MessagePort;
  /** Only the client that started the host has it, and ends it. */
  readonly #host: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(message: string) => void>();
  #nextId = 1;
  /** Set once nothing can be asked any more: what every call then rejects with. */
  #ended: PgvError | undefined;

  constructor(target: Target, port: MessagePort, host?: Worker) {
    this.target = target;
    this.#port = port;
    this.#host = host;
    port.on('message', (answer: Answer) => this.#receive(answer));
    port.on('close', () => this.#end(stopped('its thread has ended')));
    host?.on('error', (error) => this.#end(stopped(error.message)));
    // What waits for an answer keeps the process alive, an idle database does not.
    port.unref();
    host?.unref();
  }

  /** Resolves when the database can be used. @throws DatabaseError when it cannot */
  async opened(): Promise<this> {
    try {
      await this.#ask({ kind: 'open' });
      return this;
    } catch (error) {
      await this.#host?.terminate();
      throw error;
    }
  }

  async query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
  ): Promise<QueryResult<Row>> {
    const { text, values } = typeof statement === 'string' ? { text: statement } : statement;
    return toResult(await this.#ask({ kind: 'query', text, values: values?.map(toParameter) }));
  }

  async copyIn(sql: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
    const { port1, port2 } = new MessageChannel();
    const counter = newCounter();
    const text = replaceLast(sql, /\bFROM\s+STDIN\b/gi, `FROM '${copyDevice}'`);
    const reply = this.#ask({ kind: 'copy', direction: 'in', sql: text, port: port2, counter }, [port2]);
    return rowCount(await feedCopy(chunks, port1, counter, reply));
  }

  async copyOut(sql: string, take: TakeBytes): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const counter = newCounter();
    const text = replaceLast(sql, /\bTO\s+STDOUT\b/gi, `TO '${copyDevice}'`);
    const reply = this.#ask({ kind: 'copy', direction: 'out', sql: text, port: port2, counter }, [port2]);
    await readCopy(port1, counter, reply, take);
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.query('BEGIN');
    try {
      const result = await work(this);
      await this.#commit();
      return result;
    } catch (error) {
      // Where even this fails the database is gone, and the transaction with it.
      await this.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  readTogether(statements: readonly Statement[]): Promise<QueryResult<Record<string, unknown>>[]> {
    return this.transaction(async (session) => {
      await session.query('SET TRANSACTION READ ONLY');
      return inTurn(session, statements);
    });
  }

  readonly sendBehind = undefined;

  async lane(): Promise<{ address: LaneAddress; transfer: TransferListItem[] }> {
    if (this.#ended !== undefined) throw this.#ended;
    const { port1, port2 } = new MessageChannel();
    this.#port.postMessage({ kind: 'lane', port: port1 } satisfies Request, [port1]);
    return { address: { kind: 'embedded', port: port2 }, transfer: [port2] };
  }

  onNotice(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** PGlite cannot be interrupted: its thread is ended. The directory is as after a crash, which is no harm. */
  async cancel(): Promise<void> {
    this.#end(new InterruptedError());
    this.#port.close();
    await this.#host?.terminate();
  }

  disconnect(): void {
    this.#end(stopped('it was given up'));
    this.#port.close();
  }

  leave(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    try {
      if (this.#host !== undefined && this.#ended === undefined) await this.#ask({ kind: 'close' });
    } finally {
      this.#end(new DatabaseError('the embedded database is closed'));
      this.#port.close();
      await this.#host?.terminate();
    }
  }

  /** COMMIT of a transaction in which a statement failed is answered by ROLLBACK, without an error. */
  async #commit(): Promise<void> {
    const { tag } = await this.#ask({ kind: 'query', text: 'COMMIT', values: undefined });
    if (tag !== 'COMMIT') {
      throw new DatabaseError('the transaction was rolled back, for one of its statements had failed');
    }
  }

  #ask(request: Asked, transfer: TransferListItem[] = []): Promise<Reply> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#port.ref();
      this.#port.postMessage({ ...request, id }, transfer);
    });
  }

  #receive(answer: Answer): void {
    if ('stopped' in answer) {
      this.#end(stopped(answer.stopped));
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#port.unref();
    if ('reply' in answer) {
      for (const notice of answer.reply.notices) for (const listener of this.#listeners) listener(notice);
      pending?.resolve(answer.reply);
    } else pending?.reject(unpackError(answer.error));
  }

  #end(error: PgvError): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    this.#port.unref();
  }
}

function stopped(reason: string): DatabaseError {
  return new DatabaseError(`the embedded database has stopped: ${reason}`, {
    code: 'database-stopped',
    hint: /no space left/i.test(reason)
      ? 'free some space and run the command again; what was committed is kept'
      : 'run the command again; what was committed is kept',
  });
}

function toResult<Row>({ fields, rows, tag }: Reply): QueryResult<Row> {
  const parsers = fields.map(({ oid }) => parserOf(oid));
  const values = rows.map((row) => row.map((text, at) => (text === null ? null : parsers[at]!(text))));
  const names = fields.map(({ name }) => name);
  return { ...namedRows<Row>(names, values), types: fields, rowCount: rowCount({ tag }) };
}

/** The number at the end of a command's tag (`INSERT 0 5`, `COPY 12`), 0 where it has none. */
function rowCount({ tag }: { tag: string }): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? 0);
}

/** In a COPY the last one is the statement's own; one before may be part of a query or a quoted name. */
function replaceLast(text: string, pattern: RegExp, replacement: string): string {
  const last = [...text.matchAll(pattern)].at(-1);
  if (last === undefined) return text;
  return text.slice(0, last.index) + replacement + text.slice(last.index + last[0].length);
}
