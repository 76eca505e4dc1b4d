import { UsageError } from '../../errors.ts';
import type { Destination } from './output.ts';

/** Of the file that tells of an export in a directory; beside a file it has the file's name before that. */
export const manifestName = 'manifest.json';

/** A file that is written, as it is told to people and as it is opened. */
export interface Place {
  path: string;
  destination: Destination;
}

/** Which file of an export is where. */
export interface Places {
  /** Everything goes to one stream, such as the standard output. */
  isStream: boolean;
  /**
   * @param ending of a file beside the one that was asked for, in the place of its own
   * @param number from 1, where an export is split
   */
  of: (ending: string | undefined, number: number) => Place & { directory: string | undefined };
  /** The file that tells of the others; where it is not asked for, there will be none. @throws UsageError for a stream */
  manifest: () => Place;
  /** The file of a dataset's directory that tells of its others. @throws UsageError for a stream */
  beside: (name: string) => Place;
  /** Where notes of an export that can be gone on with are kept. @throws UsageError for a stream */
  journal: () => string;
  /**
   * Takes away what an earlier export has left and is no part of this one: numbered files, those beside, a manifest that
   * tells of files which are others now.
   */
  clear: () => Promise<void>;
  /** The export has failed: a directory that was made for it goes, if nothing is in it. */
  leave: () => Promise<void>;
}

/** All bytes go to one place. */
export function streamPlaces(write: (chunk: Uint8Array) => Promise<void>): Places {
  return {
    isStream: true,
    of: () => ({ path: '-', destination: { write }, directory: undefined }),
    manifest: () => {
      throw new UsageError('--manifest needs -o: the manifest stands beside files', {
        hint: 'name a file or a directory with -o',
      });
    },
    beside: () => {
      throw new UsageError('a dataset needs -o: it is a directory', { hint: 'name the directory with -o' });
    },
    journal: () => {
      throw new UsageError('--resume needs -o: a stream cannot be gone on with', {
        hint: 'name a file with -o',
      });
    },
    clear: async () => {},
    leave: async () => {},
  };
}
