import { parentPort, workerData } from 'node:worker_threads';
import { connectLane } from '../../database/connect.ts';
import type { Database, Session } from '../../database/database.ts';
import { packError } from '../../error-transfer.ts';
import { InterruptedError } from '../../errors.ts';
import { inTheOrderStored } from '../../sql/snapshot.ts';
import { LastingConnection, mayPass } from '../lasting-connection.ts';
import { copyOutWatched, type Watched } from '../stall-watch.ts';
import { buffersOf } from './buffers.ts';
import type { FromReadLane, RangeWork, Reading, ReadLane, ToReadLane } from './lane-messages.ts';
import { joinMoment, type Moment } from './moment.ts';
import { RangeReader } from './read-range.ts';

// A lane: a worker thread with its own connection, which reads range after range at one moment and encodes them.

const port = parentPort!;
const { address } = workerData as ReadLane;

interface Prepared {
  reader: RangeReader;
  reading: Reading;
}

/** Bytes of parts that have been sent and not been written: ahead of its turn a lane does not fill the memory. */
const longestAhead = 24 * 2 ** 20;

const connection = new LastingConnection(() => connectLane(address));
// While it is still being planned what to read. That it failed is found by the first who needs it.
connection.get().catch(() => {});
let prepared: Promise<Prepared> | undefined;
const waiting: RangeWork[] = [];
let ahead = 0;
let closed = false;
let stopped = false;
let wake: (() => void) | undefined;

port.on('message', (message: ToReadLane) => {
  if (message.kind === 'begin') prepare(message.reading);
  else if (message.kind === 'range') waiting.push(message.work);
  else if (message.kind === 'close') closed = true;
  else if (message.kind === 'stop') void stop();
  else void takeBack(message.buffers);
  wake?.();
});

// The first range that waits is the one at work: a lost connection begins it again, behind the rows that were sent.
let sent = 0;

run().then(
  async () => {
    await connection.close().catch(() => {});
    port.close();
  },
  (error: unknown) => {
    send({ kind: 'failed', error: packError(error) });
    void connection.drop();
    port.close();
  },
);

function prepare(reading: Reading): void {
  prepared = RangeReader.prepare(reading).then((reader) => ({ reader, reading }));
  prepared.catch(() => {});
}

async function run(): Promise<void> {
  if (!(await hasWork())) return;
  const { reader, reading } = await prepared!;
  const { moment, stallAfter } = reading;
  await connection.retrying(
    async (database) => {
      await inTransaction(database, async (session) => {
        const backend = await joinMoment(session, moment);
        const watched = { database, backend: () => backend, reopen: () => connection.another(), stallAfter };
        while ((await hasWork()) && !stopped) await read(session, watched, reader, waiting[0]!);
      });
    },
    {
      isStopped: () => stopped || closed || !canRepeat(moment),
      onRetry: ({ message }, milliseconds) => send({ kind: 'retrying', message, milliseconds }),
    },
  );
}

/** A transaction that ends with the connection, where that is lost. */
async function inTransaction(database: Database, work: (session: Session) => Promise<void>): Promise<void> {
  await database.transaction(async (session) => {
    try {
      await work(session);
    } catch (error) {
      // The socket of a COPY that was given up is closed: what else is asked of it would wait.
      if (mayPass(error)) database.disconnect();
      throw error;
    }
  });
}

/** Without a snapshot that others hold the moment is over with the transaction. */
function canRepeat(moment: Moment): boolean {
  const work = waiting[0];
  return moment.snapshot !== undefined && (work === undefined || work.repeatable || sent === 0);
}

async function read(
  session: Session,
  watched: Omit<Watched, 'progress'>,
  reader: RangeReader,
  work: RangeWork,
): Promise<void> {
  const { sequence } = work;
  if (work.repeatable) await session.query(inTheOrderStored);
  const copyOut: Session['copyOut'] = (copy, take) => copyOutWatched(watched, session, copy, take);
  await reader.read({ copyOut }, work, sent, (part) => {
    if (stopped) throw new InterruptedError();
    const buffers = buffersOf(part);
    sent += part.rows;
    ahead += bytesOf(buffers);
    port.postMessage({ kind: 'part', sequence, part } satisfies FromReadLane, buffers);
    return ahead > longestAhead ? room() : undefined;
  });
  waiting.shift();
  sent = 0;
  send({ kind: 'end', sequence });
}

async function room(): Promise<void> {
  while (ahead > longestAhead && !stopped) await news();
}

async function hasWork(): Promise<boolean> {
  while (waiting.length === 0 && !closed && !stopped) await news();
  return waiting.length > 0;
}

async function takeBack(buffers: ArrayBuffer[]): Promise<void> {
  ahead -= bytesOf(buffers);
  (await prepared)?.reader.buffers.giveBack(buffers);
}

/** The embedded database cannot be interrupted, and is ended by its owner. */
async function stop(): Promise<void> {
  stopped = true;
  if (address.kind === 'server') await connection.drop();
}

/** Resolves with the next message. */
function news(): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve;
  });
}

const bytesOf = (buffers: readonly ArrayBuffer[]): number =>
  buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);

function send(message: FromReadLane): void {
  port.postMessage(message);
}
