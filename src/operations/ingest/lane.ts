import { parentPort } from 'node:worker_threads';
import { connectLane } from '../../database/connect.ts';
import type { LaneAddress } from '../../database/database.ts';
import { packError, unpackError } from '../../error-transfer.ts';
import { readFormat } from '../../formats/read/formats.ts';
import { LastingConnection } from '../lasting-connection.ts';
import { originOf } from './from-table/origin.ts';
import { RowFetcher } from './from-table/row-fetcher.ts';
import type { FromLane, ToLane } from './lane-messages.ts';
import { type PieceEvents, PieceLoader } from './load-piece.ts';
import type { Reject } from './reject-file.ts';

// A lane: a worker thread with its own connection, which decodes, encodes and sends one piece after the other.

const port = parentPort!;

/** Milliseconds between two words of progress. */
const progressEvery = 100;

/** Milliseconds for a piece at work to end by itself, once it was asked to. */
const cancelAfter = 500;

/** Told with the first message. */
let address: LaneAddress | undefined;
const connection = new LastingConnection(() => connectLane(address!));
let loader: PieceLoader | undefined;
let fetcher: RowFetcher | undefined;
const stopping = new AbortController();
let keeping: { resolve: () => void; reject: (error: Error) => void } | undefined;
let work: Promise<void> = Promise.resolve();
/** The piece at work. */
let current = -1;
let reported = 0;

port.on('message', (message: ToLane) => {
  if (message.kind === 'open') open(message.address);
  else if (message.kind === 'stop') stop();
  else if (message.kind === 'rejects-kept') rejectsKept(message);
  else if (message.kind === 'close') work = work.then(close);
  else if (message.kind === 'recipe') {
    work = work.then(async () => {
      const { layout } = message.recipe;
      await readFormat(layout.format)!.prepare?.(layout);
      await fetcher?.close();
      const origin = originOf(layout);
      fetcher = origin && new RowFetcher(origin, stopping.signal, message.recipe.stallAfter);
      loader = new PieceLoader(connection, message.recipe, events, fetcher);
    });
  } else work = work.then(() => load(message));
});

const events: PieceEvents = {
  isStopped: () => stopping.signal.aborted,
  signal: stopping.signal,
  onBatch(rows, bytes) {
    if (performance.now() - reported < progressEvery) return;
    reported = performance.now();
    send({ kind: 'progress', id: current, rows, bytes });
  },
  onRetry: ({ message }, milliseconds) => send({ kind: 'retrying', message, milliseconds }),
  onRejects: (rejects) => keep(rejects),
};

/**
 * A piece whose data is still on its way ends with the next batch. One that the server has whole is cancelled there;
 * the embedded database cannot be, and ends it.
 */
function stop(): void {
  stopping.abort();
  if (address?.kind === 'embedded') return;
  setTimeout(() => void connection.drop(), cancelAfter).unref();
}

/** The connection is made while the first piece is on its way. */
function open(found: LaneAddress): void {
  address = found;
  connection.get().catch(() => {}); // the piece then tells of it, or tries again
}

async function load({ id, work: pieceWork }: ToLane & { kind: 'piece' }): Promise<void> {
  const { buffer } = pieceWork.piece.bytes;
  current = id;
  reported = performance.now();
  try {
    const outcome = await loader!.load(pieceWork);
    send({ kind: 'loaded', id, outcome, buffer }, buffer);
  } catch (error) {
    send({ kind: 'failed', id, error: packError(error), buffer }, buffer);
  }
}

/** Only the main thread writes rejected rows down, so that those of several lanes do not mix. */
function keep(rejects: Reject[]): Promise<void> {
  return new Promise((resolve, reject) => {
    keeping = { resolve, reject };
    send({ kind: 'rejects', rejects });
  });
}

function rejectsKept({ error }: ToLane & { kind: 'rejects-kept' }): void {
  if (error === undefined) keeping?.resolve();
  else keeping?.reject(unpackError(error));
}

async function close(): Promise<void> {
  await Promise.all([connection.close().catch(() => {}), fetcher?.close().catch(() => {})]);
  send({ kind: 'closed' });
  port.close();
}

function send(message: FromLane, buffer?: ArrayBuffer): void {
  port.postMessage(message, buffer === undefined ? [] : [buffer]);
}
