import { openFile } from './output-file.ts';

/** Where an export's bytes go. */
export interface Output {
  write: (chunk: Uint8Array) => Promise<void>;
  /** All is written: makes it last. */
  finish: () => Promise<void>;
  /** Something failed: nothing of it stays. */
  abandon: () => Promise<void>;
}

export interface FileDestination {
  /** As the user wrote it. */
  path: string;
  /** Where a relative path begins. */
  directory: string;
  overwrite: boolean;
}

/** A file, or whatever else takes bytes, such as the standard output. */
export type Destination = FileDestination | { write: Output['write'] };

/** @throws UsageError or DatabaseError for a file that cannot be written */
export async function openOutput(destination: Destination): Promise<Output> {
  if ('path' in destination) return openFile(destination);
  return { write: destination.write, finish: async () => {}, abandon: async () => {} };
}
