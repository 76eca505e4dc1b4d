import type { Session } from '../../../database/database.ts';
import { UsageError } from '../../../errors.ts';
import type { Compression, TextOptions, WriteColumn, WriteFormat } from '../../../formats/write/format.ts';
import type { Reporter } from '../../../progress.ts';
import type { FileSet, Split } from '../file-set.ts';
import type { Places } from '../places.ts';
import type { Range } from '../ranges.ts';
import type { Source } from '../source.ts';
import type { WrittenPart } from '../written.ts';
import { Journal } from './journal.ts';
import { findBounds, keyRanges, resumableKey } from './key-ranges.ts';

/** An export that is gone on with when it was interrupted. */
export interface Resume {
  /** Those that are left. */
  ranges: Range[];
  /** How far an earlier run has come with the file. */
  file: WrittenPart;
  /** Notes that so many of the ranges are in the file. */
  note: (done: number, files: FileSet) => Promise<void>;
  /** The file is there: no notes are needed any more. */
  end: () => Promise<void>;
}

/** @throws UsageError where it could not be right to go on, now or later */
export function checkResume(
  source: Source,
  options: { format: WriteFormat; split?: Split | undefined; manifest?: unknown; places: Places },
): void {
  const { format, split, manifest, places } = options;
  resumableKey(source);
  places.journal();
  const refuse = (why: string, hint: string) => new UsageError(`--resume ${why}`, { hint });
  if (!format.appendable) {
    throw refuse(
      `cannot go on with a file of ${format.name}, whose end tells of all its rows`,
      'csv, tsv, jsonl and binary can be gone on with',
    );
  }
  if (split !== undefined)
    throw refuse('goes on with one file, not with --split', 'leave one of the two out');
  if (manifest !== undefined) {
    throw refuse(
      'and --manifest exclude each other',
      'a manifest tells of one moment, what is resumed of several',
    );
  }
}

export interface ResumeRequest {
  /** As it is named to people. */
  database: string;
  source: Source;
  columns: readonly WriteColumn[];
  format: WriteFormat;
  text: TextOptions;
  compression?: Compression | undefined;
  places: Places;
  reporter: Reporter;
}

/** Finds what an earlier run has left, and plans the rest along the primary key, which rows keep. */
export async function planResume(session: Session, request: ResumeRequest): Promise<Resume> {
  const { database, source, columns, format, text, compression, places, reporter } = request;
  const key = resumableKey(source);
  const identity = [database, source.table!.oid, source.rows, key, columns, format.name, text, compression];
  const journal = new Journal(places.journal(), identity);
  const earlier = await journal.read((why) => reporter.note(`begins at the beginning: ${why}`));
  const bounds = earlier?.bounds ?? (await findBounds(session, source, key));
  const done = earlier?.ranges ?? 0;
  const file = earlier?.file ?? { rows: 0, bytes: 0 };
  if (earlier !== undefined) {
    reporter.note(
      `goes on behind ${file.rows.toLocaleString('en')} rows, which are as an earlier run found them (range ${done} of ${bounds.length + 1})`,
    );
  }
  return {
    ranges: keyRanges(source, key, bounds).slice(done),
    file,
    note: async (count, files) => {
      if (journal.isDue) await journal.write({ bounds, ranges: done + count, file: await files.part() });
    },
    end: () => journal.remove(),
  };
}
