import { messages, PGlite, type PGliteOptions, protocol } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { CopyEnd } from './copy-device.ts';
import { makeCopyDevice, makeFsyncWork, watchForCrashes } from './emscripten.ts';
import type { Reply } from './protocol.ts';

const { serialize } = protocol;

/** Bytes of write-ahead log after which a checkpoint is due: PGlite has no checkpointer, and the log only grows. */
const checkpointDistance = 64 * 1024 * 1024;
/** Commands that write no log worth asking about. */
const readingTags = /^(SELECT|SHOW|SET|RESET|BEGIN|START|FETCH|EXPLAIN|ROLLBACK|SAVEPOINT|CHECKPOINT)\b/;

/** One running PostgreSQL, called by one thread, which it blocks while a statement runs. */
export class Engine {
  readonly #pg: PGlite;
  #copyEnd: CopyEnd | undefined;
  #copyFailure: unknown;
  #status = 'I';
  #checkpointedAt = 0;

  private constructor(pg: PGlite) {
    this.#pg = pg;
  }

  /**
   * Starts PostgreSQL with pgvector at hand.
   * @param directory an initialised data directory, or null for one in memory, made from the archive `template`
   * @param onCrash called when it can go on no more (a trap, a PANIC); must not return
   */
  static async start(
    directory: string | null,
    template: Uint8Array<ArrayBuffer> | null,
    onCrash: (reason: string) => never,
  ): Promise<Engine> {
    const lastWords: string[] = [];
    const options: PGliteOptions = {
      extensions: { vector },
      startParams: startParameters(directory !== null),
      onStderr: (line) => {
        if (/\b(PANIC|FATAL): /.test(line)) lastWords.push(line.replace(/^.*?\b(PANIC|FATAL): +/, ''));
        return false;
      },
    };
    if (directory !== null) options.dataDir = directory;
    if (template !== null) options.loadDataDir = new Blob([template]);
    const pg = await PGlite.create(options).catch((error) => {
      throw new Error(lastWords.at(-1) ?? describe(error));
    });
    const engine = new Engine(pg);
    watchForCrashes(pg, (error) => onCrash(lastWords.at(-1) ?? describe(error as Error)));
    makeFsyncWork(pg);
    makeCopyDevice(
      pg,
      () => engine.#copyEnd!,
      (error) => {
        engine.#copyFailure = error;
      },
    );
    engine.#checkpointedAt = await engine.#logPosition();
    return engine;
  }

  /** True from BEGIN until COMMIT or ROLLBACK, also when the transaction has failed. */
  get isInTransaction(): boolean {
    return this.#status !== 'I';
  }

  /**
   * Runs one statement with values, or any number without: then the last one's outcome counts.
   * @throws what PostgreSQL reports, as PGlite's DatabaseError
   */
  async run(text: string, values: (string | null)[] | undefined): Promise<Reply> {
    const reply = await this.#send(
      values === undefined ? serialize.query(text) : extendedQuery(text, values),
    );
    if (!readingTags.test(reply.tag)) await this.#checkpointIfDue();
    return reply;
  }

  /** Runs a COPY from or to `copyDevice`, the other side of which is `end`. @throws also what `end` threw */
  async copy(sql: string, end: CopyEnd): Promise<Reply> {
    this.#copyEnd = end;
    this.#copyFailure = undefined;
    try {
      const reply = await this.run(sql, undefined);
      end.finish();
      return reply;
    } catch (error) {
      throw this.#copyFailure ?? error;
    } finally {
      this.#copyEnd = undefined;
    }
  }

  /** Shuts PostgreSQL down, with a checkpoint, so that the next start has nothing to recover. */
  async stop(): Promise<void> {
    if (this.isInTransaction) await this.#send(serialize.query('ROLLBACK'));
    await this.#send(serialize.query('CHECKPOINT'));
    await this.#pg.close();
  }

  async #send(bytes: Uint8Array): Promise<Reply> {
    const { messages: received } = await this.#pg.execProtocol(bytes, { throwOnError: false });
    let reply = emptyReply();
    let current = emptyReply();
    const notices: string[] = [];
    let failure: unknown;
    for (const message of received) {
      if (message instanceof messages.RowDescriptionMessage) {
        current.fields = message.fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
          name,
          oid: dataTypeID,
          modifier: dataTypeModifier,
        }));
      } else if (message instanceof messages.DataRowMessage) current.rows.push(message.fields);
      else if (message instanceof messages.CommandCompleteMessage) {
        reply = { ...current, tag: message.text };
        current = emptyReply();
      } else if (message instanceof messages.ReadyForQueryMessage) this.#status = message.status;
      else if (message instanceof messages.NoticeMessage) notices.push(message.message ?? '');
      else if (message instanceof messages.DatabaseError) failure ??= message;
    }
    if (failure !== undefined) throw failure;
    return { ...reply, notices };
  }

  async #checkpointIfDue(): Promise<void> {
    if (this.#status === 'E') return;
    const position = await this.#logPosition();
    if (position - this.#checkpointedAt < checkpointDistance) return;
    await this.#send(serialize.query('CHECKPOINT'));
    this.#checkpointedAt = position;
  }

  /** Bytes of write-ahead log since the cluster was made. */
  async #logPosition(): Promise<number> {
    const { rows } = await this.#send(serialize.query("SELECT pg_current_wal_insert_lsn() - '0/0'"));
    return Number(rows[0]![0]);
  }
}

/** Emscripten throws objects of its own, with a number where others have a message. */
function describe(error: { message?: string; name?: string; errno?: number; status?: number }): string {
  return error.message || `${error.name ?? 'failure'} ${error.errno ?? error.status ?? ''}`;
}

function emptyReply(): Reply {
  return { fields: [], rows: [], tag: '', notices: [] };
}

/** PGlite's own start parameters, but for `-F` (no fsync) where there is a disk to write to. */
function startParameters(isOnDisk: boolean): string[] {
  const common = [...PGlite.defaultStartParams, '-c', 'min_wal_size=32MB'];
  // fdatasync, the default, never leaves the WebAssembly.
  return isOnDisk ? [...common.filter((word) => word !== '-F'), '-c', 'wal_sync_method=fsync'] : common;
}

function extendedQuery(text: string, values: (string | null)[]): Uint8Array {
  return Buffer.concat([
    serialize.parse({ text }),
    serialize.bind({ values }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  ]);
}
