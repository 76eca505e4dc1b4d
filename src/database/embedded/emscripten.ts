import fs from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { type CopyEnd, copyDevice } from './copy-device.ts';

/** What lies under PGlite and its types leave out or open: Emscripten's file system, the main loop. */
interface Insides {
  FS: {
    makedev(major: number, minor: number): number;
    registerDevice(device: number, operations: object): void;
    mkdev(path: string, mode: number, device: number): void;
    ErrnoError: new (errno: number) => Error;
    filesystems: { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } };
  };
  _PostgresMainLoopOnce(): void;
}

/** Numbers of WASI's, which Emscripten takes: https://github.com/WebAssembly/WASI (errno). */
const ioError = 29;
/** The exit status by which PGlite tells its own "an error has been raised" from a real end. */
const raised = 100;
/** A device number that neither Emscripten nor PGlite (64 and up, one by one) gives away. */
const deviceMajor = 200;

/**
 * PGlite swallows whatever its WebAssembly throws, a trap as well as an exit, and answers as if there were no rows:
 * a COPY that died would look like one that stored nothing.
 */
export function watchForCrashes(pg: PGlite, onCrash: (error: unknown) => never): void {
  const insides = insidesOf(pg);
  const runOnce = insides._PostgresMainLoopOnce;
  insides._PostgresMainLoopOnce = () => {
    try {
      runOnce();
    } catch (error) {
      if ((error as { status?: number }).status !== raised) onCrash(error);
      throw error;
    }
  };
}

/**
 * Emscripten's view of a host directory knows no fsync, so PGlite turns PostgreSQL's off. With these lines, and
 * without PGlite's `-F`, a commit is on the disk when it is answered, and survives a power cut.
 */
export function makeFsyncWork(pg: PGlite): void {
  insidesOf(pg).FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => {
    try {
      fs.fsyncSync(nfd);
      return 0;
    } catch {
      return ioError;
    }
  };
}

/** Makes `copyDevice`, whose other side is the COPY's that runs; what that side throws goes to `onFailure`. */
export function makeCopyDevice(
  pg: PGlite,
  current: () => CopyEnd,
  onFailure: (error: unknown) => void,
): void {
  const { FS } = insidesOf(pg);
  const guarded = (work: () => number): number => {
    try {
      return work();
    } catch (error) {
      onFailure(error);
      throw new FS.ErrnoError(ioError);
    }
  };
  const view = (memory: Int8Array, offset: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
  const device = FS.makedev(deviceMajor, 0);
  FS.registerDevice(device, {
    open() {},
    close() {},
    read: (_: unknown, memory: Int8Array, offset: number, length: number) =>
      guarded(() => current().read(view(memory, offset, length))),
    write: (_: unknown, memory: Int8Array, offset: number, length: number) =>
      guarded(() => {
        current().write(view(memory, offset, length));
        return length;
      }),
  });
  FS.mkdev(copyDevice, 0o666, device);
}

function insidesOf(pg: PGlite): Insides {
  return pg.Module as unknown as Insides;
}
