import type { ExportedFile } from './file-set.ts';
import { type Destination, type Output, openOutput } from './output.ts';

/** A file that tells of the export's others: a manifest, a dataset's own. */
export interface Telling {
  destination: Destination;
  /** What stands in it, once the others are written. @param rows of the export */
  text: (files: readonly ExportedFile[], rows: number) => string;
}

/** Such a file while the others are written: opened with the first of them, and shown after the last. */
export class TellingOutput {
  private readonly telling: Telling;
  private readonly output: Output;

  private constructor(telling: Telling, output: Output) {
    this.telling = telling;
    this.output = output;
  }

  /** @throws UsageError where there is such a file already */
  static async open(telling: Telling): Promise<TellingOutput> {
    return new TellingOutput(telling, await openOutput(telling.destination));
  }

  /** @returns what shows it */
  async finish(files: readonly ExportedFile[], rows: number): Promise<Output> {
    await this.output.write(Buffer.from(this.telling.text(files, rows)));
    await this.output.finish();
    return this.output;
  }

  abandon(): Promise<void> {
    return this.output.abandon();
  }
}
