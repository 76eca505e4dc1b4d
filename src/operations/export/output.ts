import { noBytes, openFile } from './output-file.ts';

/** Where a file's bytes go. */
export interface Output {
  /** Done when the chunk's memory may be used again. */
  write: (chunk: Uint8Array) => Promise<void>;
  /** All is written: makes it last, without showing it yet. */
  finish: () => Promise<void>;
  /** Gives the finished file its name. */
  publish: () => Promise<void>;
  /** What is there already, from an earlier run. */
  earlier: () => AsyncIterable<Uint8Array>;
  /** Makes what is written last, so that it can be gone on with. */
  flush: () => Promise<void>;
  /** Something failed: nothing of it stays, unless it is kept. */
  abandon: () => Promise<void>;
}

export interface FileDestination {
  /** As the user wrote it, or as it is named for him. */
  path: string;
  /** Where a relative path begins. */
  directory: string;
  overwrite: boolean;
  /**
   * The file is kept under a name of its own when the export ends early, to be gone on with. So many bytes of what an
   * earlier run has kept hold; what is behind them goes.
   */
  kept?: { length: number } | undefined;
}

/** A file, or whatever else takes bytes, such as the standard output. */
export type Destination = FileDestination | { write: Output['write'] };

/** @throws UsageError or DatabaseError for a file that cannot be written */
export async function openOutput(destination: Destination): Promise<Output> {
  if ('path' in destination) return openFile(destination);
  const nothing = async () => {};
  const { write } = destination;
  return { write, finish: nothing, publish: nothing, abandon: nothing, flush: nothing, earlier: noBytes };
}
