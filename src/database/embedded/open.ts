import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { builtFile } from '../../built-files.ts';
import type { Database } from '../database.ts';
import { EmbeddedClient } from './client.ts';
import { describeDirectory, requireDatabase } from './directory.ts';
import type { HostData } from './protocol.ts';

/**
 * Opens the embedded database: PostgreSQL and pgvector in WebAssembly (PGlite), in a thread of its own.
 * @throws UsageError where there is none and `mayCreate` is false (nothing is written then); DatabaseError where
 * another process has it open, or the directory cannot be used
 */
export async function openEmbedded(options: {
  /** Absolute; null for a database in memory, which ends with this process. */
  directory: string | null;
  mayCreate: boolean;
}): Promise<Database> {
  const { directory, mayCreate } = options;
  if (directory !== null && !mayCreate) requireDatabase(directory);
  const { port1, port2 } = new MessageChannel();
  const workerData: HostData = { directory, mayCreate, port: port2 };
  const host = new Worker(builtFile('embedded-host.mjs'), {
    workerData,
    transferList: [port2],
    // A loader that this process was started with is no business of the built file.
    execArgv: [],
    name: 'pgv embedded',
  });
  const place = directory === null ? 'memory' : describeDirectory(directory);
  const target = { kind: 'embedded', description: `embedded database in ${place}` } as const;
  return new EmbeddedClient(target, port1, host).opened();
}

/** Opens once more a database that another thread has opened, through the port that its `lane()` gave. */
export async function openEmbeddedLane(port: MessagePort): Promise<Database> {
  const target = { kind: 'embedded', description: 'embedded database' } as const;
  return new EmbeddedClient(target, port).opened();
}
