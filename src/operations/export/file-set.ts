import { DataError, InterruptedError } from '../../errors.ts';
import type { Part, WriteFormat, WritePlan } from '../../formats/write/format.ts';
import { type Output, openOutput } from './output.ts';
import type { Places } from './places.ts';
import { WrittenFile, type WrittenPart } from './written.ts';

/** Where an export goes on in the next file. */
export type Split = { rows: number } | { bytes: number };

/** A file of the export. */
export interface ExportedFile {
  path: string;
  rows: number;
  bytes: number;
  /** In hexadecimal digits; undefined where it was not wanted. */
  sha256: string | undefined;
}

export interface FileSetOptions {
  format: WriteFormat;
  plan: WritePlan;
  places: Places;
  split: Split | undefined;
  /** What the assemblers' bytes go through: the same compression as the parts'. */
  around: (bytes: Uint8Array) => Uint8Array;
  /** Whether the files' SHA-256 are wanted. */
  summed: boolean;
}

/** Writes parts into a format's files, set after set where they are split; all of them are shown at the end, or none. */
export class FileSet {
  private readonly options: FileSetOptions;
  private number = 0;
  private current: { path: string; file: WrittenFile; expected: number | undefined }[] = [];
  private readonly all: WrittenFile[] = [];
  private readonly done: ExportedFile[] = [];
  private rows = 0;
  private abandoned = false;

  constructor(options: FileSetOptions) {
    this.options = options;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.all.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Opens the first files, so that one that cannot be written is known before there is work.
   * @param earlier how far an earlier run has come with the one file, which is kept; none of it: from the beginning
   */
  async begin(earlier?: WrittenPart): Promise<void> {
    const { format, plan, places, around, summed } = this.options;
    const layouts = format.files(plan);
    this.number++;
    const expected = this.expectedRows();
    for (const layout of places.isStream ? layouts.slice(0, 1) : layouts) {
      const { path, destination, directory } = places.of(layout.ending, this.number);
      const assembler = layout.assembler(plan, expected);
      const kept = earlier && { length: earlier.bytes };
      const output = await openOutput('path' in destination ? { ...destination, kept } : destination);
      // An interruption does not wait for what is under way, such as this.
      if (this.abandoned) {
        await output.abandon();
        throw new InterruptedError();
      }
      const file = new WrittenFile({ layout, assembler, output, around, directory, summed });
      this.current.push({ path, file, expected });
      this.all.push(file);
      if (earlier !== undefined && earlier.bytes > 0) await file.goOn(earlier);
    }
  }

  /** How far the one file is that is kept, once that lasts. */
  part(): Promise<WrittenPart> {
    return this.current[0]!.file.part();
  }

  async add(part: Part): Promise<void> {
    if (this.isFull(part)) {
      await this.finishCurrent();
      await this.begin();
    }
    for (const { file } of this.current) await file.add(part);
    this.rows += part.rows;
  }

  /**
   * @param last told of all files before they are shown; what it gives is shown after them
   * @returns the files, in their order; what went to a stream is none
   */
  async finish(last: (files: readonly ExportedFile[]) => Promise<Output[]>): Promise<ExportedFile[]> {
    await this.finishCurrent();
    const tail = await last(this.done);
    await this.options.places.clear();
    for (const file of this.all) await file.publish();
    for (const output of tail) await output.publish();
    return this.options.places.isStream ? [] : this.done;
  }

  async abandon(): Promise<void> {
    this.abandoned = true;
    for (const file of this.all) await file.abandon().catch(() => {});
  }

  private async finishCurrent(): Promise<void> {
    for (const { path, file, expected } of this.current) {
      if (expected !== undefined && file.rows !== expected) throw otherCount(expected, file.rows);
      const sha256 = await file.finish();
      this.done.push({ path, rows: file.rows, bytes: file.bytes, sha256 });
    }
    this.current = [];
  }

  private isFull(part: Part): boolean {
    const { split, format } = this.options;
    const first = this.current[0]!.file;
    if (split === undefined || first.rows === 0) return false;
    if ('rows' in split) return first.rows + part.rows > split.rows;
    return first.bytes + part.streams[0]!.length > roomForParts(split.bytes, format);
  }

  /** Of the file that begins, where the rows were counted. */
  private expectedRows(): number | undefined {
    const { plan, split } = this.options;
    const { measured } = plan;
    if (measured === undefined) return undefined;
    const rest = measured.rows - this.rows;
    return split !== undefined && 'rows' in split ? Math.min(split.rows, rest) : rest;
  }
}

/** Bytes of parts that a file of so many has room for: what ends it may tell of all of them. */
export function roomForParts(bytes: number, { appendable }: Pick<WriteFormat, 'appendable'>): number {
  return appendable ? bytes : bytes - Math.ceil(bytes / 64);
}

/** What to say where the file's beginning has told of another number of rows than came. */
function otherCount(expected: number, seen: number): DataError {
  return new DataError(`${seen} rows came, and there were ${expected} when they were counted`, {
    code: 'unstable-query',
    hint: 'the rows are others each time they are asked for: store them in a table first',
  });
}
