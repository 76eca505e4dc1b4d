import { parentPort, workerData } from 'node:worker_threads';
import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { packError } from '../../error-transfer.ts';
import type { FromLane, LaneStart, ToLane } from './lane-messages.ts';
import { PieceLoader } from './load-piece.ts';

// A lane: a worker thread with its own connection, which decodes, encodes and sends one piece after the other.

const port = parentPort!;
const { address, recipe } = workerData as LaneStart;

/** Milliseconds between two words of progress. */
const progressEvery = 100;

/** Milliseconds for a piece at work to end by itself, once it was asked to. */
const cancelAfter = 500;

let stopped = false;
let opening: Promise<{ database: Database; loader: PieceLoader }> | undefined;
let work: Promise<void> = Promise.resolve();

port.on('message', (message: ToLane) => {
  if (message.kind === 'stop') stop();
  else if (message.kind === 'close') work = work.then(close);
  else work = work.then(() => load(message));
});

/**
 * A piece whose data is still on its way ends with the next batch. One that the server has whole is cancelled there;
 * the embedded database cannot be, and ends it.
 */
function stop(): void {
  stopped = true;
  if (address.kind === 'embedded') return;
  setTimeout(
    () => void opening?.then(({ database }) => database.cancel()).catch(() => {}),
    cancelAfter,
  ).unref();
}

function open(): Promise<{ database: Database; loader: PieceLoader }> {
  opening ??= connectLane(address).then((database) => ({
    database,
    loader: new PieceLoader(database, recipe),
  }));
  return opening;
}

// The connection is made while the first piece is on its way.
open().catch((error) => send({ kind: 'broken', error: packError(error) }));

async function load({ piece }: ToLane & { kind: 'piece' }): Promise<void> {
  const { sequence } = piece.location;
  const buffer = piece.bytes.buffer;
  let reported = performance.now();
  const onBatch = (rows: number, bytes: number) => {
    if (performance.now() - reported < progressEvery) return;
    reported = performance.now();
    send({ kind: 'progress', sequence, rows, bytes });
  };
  try {
    const { loader } = await open();
    const rows = await loader.load(piece, onBatch, () => stopped);
    send({ kind: 'loaded', sequence, rows, buffer }, buffer);
  } catch (error) {
    send({ kind: 'failed', sequence, error: packError(error), buffer }, buffer);
  }
}

async function close(): Promise<void> {
  const opened = await opening?.catch(() => undefined);
  await opened?.database.close();
  port.close();
}

function send(message: FromLane, buffer?: ArrayBuffer): void {
  port.postMessage(message, buffer === undefined ? [] : [buffer]);
}
