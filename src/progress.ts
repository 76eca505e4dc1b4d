/** How far a piece of work is. Who shows it, and how, is the terminal's business. */
export interface Progress {
  /** What is being done, in a word or three: `loading`, `building index: loading tuples`. */
  phase: string;
  /** Rows done so far. */
  rows?: number;
  /** Bytes of input or output done so far. */
  bytes?: number;
  /** Done and total in one unit of work, where a total is known (bytes of a file, blocks of a table). */
  done?: number;
  total?: number;
  /** Work in each lane, where there are several: rows done. */
  lanes?: readonly { rows: number; bytes: number }[];
}

/** Called as often as there is news; cheap enough to be called for every batch. */
export type OnProgress = (progress: Progress) => void;

/** What an operation tells besides its result: a decision it took, a warning. One line, no final stop. */
export interface Reporter {
  progress: OnProgress;
  /** Something decided or done, which --quiet leaves out. */
  note: (line: string) => void;
  /** Something the user should act on. */
  warn: (line: string) => void;
}

export const silentReporter: Reporter = { progress: () => {}, note: () => {}, warn: () => {} };
