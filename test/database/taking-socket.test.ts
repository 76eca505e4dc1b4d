import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { divert, TakingSocket } from '../../src/database/taking-socket.ts';

const server = createServer();
let socket: TakingSocket;
let peer: Socket;

beforeEach(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  socket = new TakingSocket();
  const accepted = once(server, 'connection');
  socket.connect((server.address() as { port: number }).port, '127.0.0.1');
  [peer] = (await accepted) as [Socket];
});

afterEach(() => {
  socket.destroy();
  peer.destroy();
  server.close();
});

/** Sends each text when the one before has been received. */
async function send(texts: readonly string[], received: () => number): Promise<void> {
  for (const [i, text] of texts.entries()) {
    peer.write(text);
    await expect.poll(received, { interval: 1 }).toBe(i + 1);
  }
}

test('what it gives to those who listen is theirs to keep', async () => {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await send(['one', 'two', 'three'], () => chunks.length);
  expect(chunks.map(String)).toEqual(['one', 'two', 'three']);
});

test('whoever takes what comes gets it in the same memory each time, and those who listen the rest', async () => {
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  const taken: string[] = [];
  const memory = new Set<ArrayBufferLike>();
  const giveBack = divert(socket, (chunk) => {
    taken.push(String(chunk));
    memory.add(chunk.buffer);
    if (taken.length === 2) giveBack(chunk.subarray(1));
  });
  await send(['one', 'two', 'three'], () => taken.length + Math.max(0, heard.length - 1));
  expect(taken).toEqual(['one', 'two']);
  expect(memory.size).toBe(1);
  expect(heard.map(String)).toEqual(['wo', 'three']);
});

test('reads no more while it is paused', async () => {
  const taken: string[] = [];
  socket.on('data', () => {});
  divert(socket, (chunk) => {
    taken.push(String(chunk));
    socket.pause();
  });
  await send(['one'], () => taken.length);
  peer.write('two');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(taken).toEqual(['one']);
  socket.resume();
  await expect.poll(() => taken).toEqual(['one', 'two']);
});
