import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { DatabaseError } from '../../errors.ts';
import { describeDirectory, pidFile, socketFile } from './directory.ts';

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the directory for this thread alone: two PGlites on one directory destroy it. The lock is a listening
 * socket named after the directory's device and inode, so that every path to it is one lock and a killed holder
 * frees it; on Linux a socket file in the directory besides.
 * @throws DatabaseError that names the holder, when there is one
 */
export async function lockDirectory(directory: string, platform = process.platform): Promise<Lock> {
  const server = await take(lockAddress(directory, platform), directory);
  const unlock = () => new Promise((resolve) => server.close(resolve));
  let releaseFile: () => Promise<void>;
  try {
    releaseFile = platform === 'linux' ? await takeFile(directory) : async () => {};
  } catch (error) {
    await unlock();
    throw error;
  }
  fs.writeFileSync(path.join(directory, pidFile), `${process.pid}\n`);
  return {
    release: async () => {
      fs.rmSync(path.join(directory, pidFile), { force: true });
      await releaseFile();
      await unlock();
    },
  };
}

/** Listens at the address. A socket file outlives a killed holder, who then does not answer: it is taken over. */
async function take(address: string, directory: string): Promise<net.Server> {
  const server = await listen(address).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || (await isAnswered(address))) throw inUse(directory, error);
    fs.rmSync(address, { force: true });
    return listen(address).catch((again) => {
      throw inUse(directory, again);
    });
  });
  return server.unref();
}

/**
 * An abstract socket is seen in its network namespace alone, and a container has one of its own: whoever shares the
 * directory sees a socket file in it. Its path goes by a descriptor, as a socket's path has room for 107 bytes only.
 * @returns what gives it up
 */
async function takeFile(directory: string): Promise<() => Promise<void>> {
  const folder = fs.openSync(directory, 'r');
  try {
    const server = await take(`/proc/self/fd/${folder}/${socketFile}`, directory);
    return async () => {
      // Closing removes the file, by the descriptor.
      await new Promise((resolve) => server.close(resolve));
      fs.closeSync(folder);
    };
  } catch (error) {
    fs.closeSync(folder);
    if (error instanceof DatabaseError && error.code === 'database-in-use') throw error;
    // Not every file system holds sockets; the abstract one is taken all the same.
    return async () => {};
  }
}

/** The socket's name or path, which every path to the directory has in common. */
export function lockAddress(directory: string, platform: NodeJS.Platform): string {
  const { dev, ino } = fs.statSync(directory, { bigint: true });
  const name = `pgv-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  // An abstract socket's name is all its bytes. Node 20 pads it to the full 108, later versions do not: so that
  // they shut each other out, it is padded here.
  if (platform === 'linux') return `\0${name}`.padEnd(108, '\0');
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : `/tmp/${name}.sock`;
}

function listen(address: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ path: address, exclusive: true }, () => resolve(server));
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: address });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

function inUse(directory: string, error: NodeJS.ErrnoException): Error {
  const shown = describeDirectory(directory);
  if (error.code !== 'EADDRINUSE') {
    return new DatabaseError(`the embedded database in ${shown} cannot be locked: ${error.message}`, {
      cause: error,
    });
  }
  return new DatabaseError(`the embedded database in ${shown} is in use by ${describeHolder(directory)}`, {
    code: 'database-in-use',
    hint: 'wait until it has finished, or use a PostgreSQL server (-d postgresql://…), which serves many at once',
  });
}

function describeHolder(directory: string): string {
  let pid: string;
  try {
    pid = fs.readFileSync(path.join(directory, pidFile), 'utf8').trim();
  } catch {
    return 'another process';
  }
  return pid === String(process.pid) ? 'this process already' : `process ${pid}`;
}
