import { DataError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { type Reject, RejectFile } from './reject-file.ts';

export interface RejectOptions {
  /** What a bad row does: end the load (the default), or be left out. */
  onError?: 'stop' | 'skip' | undefined;
  /** Where rejected rows go; undefined: nowhere, they are only told. */
  rejectFile?: string | undefined;
  /** How many there may be; undefined: any number. */
  maxErrors?: number | undefined;
}

/** @throws UsageError where no row would be left out */
export function checkRejects({ rejectFile, maxErrors, onError }: RejectOptions): void {
  if (onError === 'skip' || (rejectFile === undefined && maxErrors === undefined)) return;
  const flag = rejectFile === undefined ? '--max-errors' : '--reject-file';
  throw new UsageError(`${flag} is about rows that are left out, which takes --on-error skip`);
}

/** Rejected rows that are told one by one where no file takes them. */
const toldWithoutFile = 5;

/** Keeps the rejected rows of a run, and counts them. */
export class Rejects {
  private readonly options: RejectOptions;
  private readonly reporter: Reporter;
  private file: Promise<RejectFile> | undefined;
  private count: number;
  private told = 0;

  /** @param before rows that were rejected when the loads were at work before */
  constructor(options: RejectOptions, before: number, reporter: Reporter) {
    this.options = options;
    this.reporter = reporter;
    this.count = before;
  }

  /**
   * Opens the reject file, once a run.
   * @param isStored for loads that go on: which pieces' entries stay
   */
  async open(
    head: Uint8Array | undefined,
    isStored: ((input: number, piece: number) => boolean) | undefined,
  ): Promise<void> {
    const { rejectFile } = this.options;
    if (rejectFile === undefined || this.file !== undefined) return;
    this.file =
      isStored === undefined
        ? RejectFile.create(rejectFile, head)
        : RejectFile.resume(rejectFile, head, isStored);
    await this.file;
  }

  /** @throws DataError where there are more than may be */
  async keep(rejects: Reject[]): Promise<void> {
    this.count += rejects.length;
    const { maxErrors } = this.options;
    if (maxErrors !== undefined && this.count > maxErrors) throw tooMany(rejects.at(-1)!, maxErrors);
    if (this.file !== undefined) await (await this.file).add(rejects);
    else for (const reject of rejects) this.tell(reject);
  }

  async close(): Promise<void> {
    const file = await this.file?.catch(() => undefined);
    await file?.close();
  }

  private tell({ file, row, column, reason }: Reject): void {
    if (this.told++ < toldWithoutFile) {
      this.reporter.warn(
        `${file}, row ${row}${column === undefined ? '' : `, column ${column}`} left out: ${reason}`,
      );
    } else if (this.told === toldWithoutFile + 1) {
      this.reporter.warn('more rows are left out: --reject-file <path> keeps them, with the reasons');
    }
  }
}

function tooMany({ file, row, column, reason, sqlstate }: Reject, maxErrors: number): DataError {
  return new DataError(`more than ${maxErrors.toLocaleString('en')} rows are wrong; this one: ${reason}`, {
    code: 'too-many-errors',
    file,
    row,
    column,
    sqlstate,
    hint: 'is the file what you think it is? --max-errors sets how many may be wrong',
  });
}
