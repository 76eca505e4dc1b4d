// The thread that PGlite runs in, and the only one that touches its directory. Clients reach it over ports.

import fs from 'node:fs';
import { type MessagePort, workerData } from 'node:worker_threads';
import { ClientGone, CopyInEnd, CopyOutEnd } from './copy-device.ts';
import { directoryError, inspectDirectory, makeDirectory } from './directory.ts';
import { Engine } from './engine.ts';
import { initialise, readTemplate } from './initialise.ts';
import { type Lock, lockDirectory } from './lock.ts';
import type { Answer, HostData, Reply, Request } from './protocol.ts';
import { Turns } from './turns.ts';
import { packError } from './wire-error.ts';

const { directory, mayCreate, port: firstPort } = workerData as HostData;
const ports = new Set<MessagePort>();
const nothing: Reply = { fields: [], rows: [], tag: '', notices: [] };
const opened = open();
const turns = opened.then(({ engine }) => new Turns<MessagePort>(() => engine.isInTransaction));
// Whoever waits for them hears of a failure; nobody need be waiting yet.
turns.catch(() => {});
serve(firstPort);

async function open(): Promise<{ engine: Engine; lock: Lock | undefined }> {
  if (directory === null) return { engine: await Engine.start(null, readTemplate(), stop), lock: undefined };
  let lock: Lock | undefined;
  try {
    if (mayCreate) makeDirectory(directory);
    inspectDirectory(directory);
    lock = await lockDirectory(directory);
    if (inspectDirectory(directory) !== 'database') await initialise(directory);
    // Emscripten mounts no symbolic link.
    return { engine: await Engine.start(fs.realpathSync(directory), null, stop), lock };
  } catch (error) {
    await lock?.release();
    throw directoryError(directory, error);
  }
}

function serve(port: MessagePort): void {
  ports.add(port);
  port.on('message', (request: Request) => void receive(port, request));
  port.on('close', () => void forget(port));
}

async function receive(port: MessagePort, request: Request): Promise<void> {
  if (request.kind === 'lane') return serve(request.port);
  const answer = (value: Answer): void => port.postMessage(value);
  try {
    if (request.kind === 'close') {
      await close();
      answer({ id: request.id, reply: nothing });
    } else if (request.kind === 'open') {
      await opened;
      answer({ id: request.id, reply: nothing });
    } else {
      (await turns).add({ owner: port, run: () => perform(request, answer) });
    }
  } catch (error) {
    answer({ id: request.id, error: packError(error) });
  }
}

async function perform(
  request: Extract<Request, { kind: 'query' | 'copy' }>,
  answer: (value: Answer) => void,
): Promise<void> {
  const { engine } = await opened;
  try {
    const reply =
      request.kind === 'query' ? await engine.run(request.text, request.values) : await copy(engine, request);
    answer({ id: request.id, reply });
  } catch (error) {
    answer({ id: request.id, error: packError(error) });
  }
}

async function copy(
  engine: Engine,
  { sql, direction, port, counter }: Extract<Request, { kind: 'copy' }>,
): Promise<Reply> {
  try {
    const End = direction === 'in' ? CopyInEnd : CopyOutEnd;
    return await engine.copy(sql, new End(port, counter));
  } catch (error) {
    // The client knows why, and is told that it has happened.
    if (error instanceof ClientGone) return nothing;
    throw error;
  } finally {
    port.close();
  }
}

/** A client that goes in the middle of a transaction leaves nothing of it. */
async function forget(port: MessagePort): Promise<void> {
  ports.delete(port);
  const database = await opened.catch(() => undefined);
  if (database === undefined) return;
  (await turns).leave(port, async () => {
    await database.engine.run('ROLLBACK', undefined);
  });
}

/** Not in turn: whoever still works, or holds a transaction, is at its end with the database. */
async function close(): Promise<void> {
  const { engine, lock } = await opened;
  await engine.stop();
  await lock?.release();
}

/** Ends this thread, not the process: PGlite catches whatever is thrown, and would go on with a broken database. */
function stop(reason: string): never {
  for (const port of ports) port.postMessage({ stopped: reason } satisfies Answer);
  process.exit(1);
}
