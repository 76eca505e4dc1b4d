import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { UsageError } from '../../../errors.ts';
import { isRunning } from '../../processes.ts';
import { writing } from '../../written-file.ts';
import type { WrittenPart } from '../written.ts';

/** How far an export is that can be gone on with. */
export interface JournalEntry {
  /** Where the ranges of the key end, but for the last. */
  bounds: string[];
  /** Ranges that are written whole. */
  ranges: number;
  file: WrittenPart;
}

interface Stored extends JournalEntry {
  version: 1;
  /** What makes the files what they are: another export's journal does not serve. */
  identity: string;
  /** The process that writes it. */
  pid: number;
}

/** Milliseconds between two entries at the least: each waits for the disk. */
const pause = 1000;

/** A file beside those of the export that tells how far they are. */
export class Journal {
  private readonly location: string;
  private readonly identity: string;
  private written = 0;

  /** @param identity all that shapes the files */
  constructor(location: string, identity: unknown) {
    this.location = location;
    this.identity = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  }

  /**
   * What an earlier run has left; undefined: nothing that can be gone on with.
   * @param tell why not
   * @throws UsageError where that run still goes on
   */
  async read(tell: (why: string) => void): Promise<JournalEntry | undefined> {
    const text = await readFile(this.location, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const stored = parse(text);
    if (stored === undefined) tell('the notes of the interrupted export cannot be read');
    else if (stored.identity !== this.identity)
      tell('the interrupted export was of other rows, or in another form');
    else if (stored.pid !== process.pid && isRunning(stored.pid)) {
      throw new UsageError(`process ${stored.pid} is at work on this export`, {
        code: 'in-progress',
        hint: 'wait for it, or end it',
      });
    } else return stored;
    return undefined;
  }

  /** True when enough time has passed for another entry. */
  get isDue(): boolean {
    return performance.now() - this.written >= pause;
  }

  async write(entry: JournalEntry): Promise<void> {
    const stored: Stored = { version: 1, identity: this.identity, pid: process.pid, ...entry };
    const temporary = `${this.location}.new`;
    const file = { path: this.location, flag: '-o', whenFull: 'run the command again with --resume' };
    await writing(file, async () => {
      const handle = await open(temporary, 'w');
      try {
        await handle.writeFile(JSON.stringify(stored));
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.location);
    });
    this.written = performance.now();
  }

  async remove(): Promise<void> {
    await rm(this.location, { force: true });
  }
}

function parse(text: string): Stored | undefined {
  try {
    const stored = JSON.parse(text) as Stored;
    return stored.version === 1 ? stored : undefined;
  } catch {
    return undefined;
  }
}
