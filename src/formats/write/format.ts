import type { Batch } from '../../batch.ts';
import type { ValueType } from '../../values/types.ts';
import type { Metric } from '../../vector/metrics.ts';

/** What a user may ask of a text format. */
export interface TextOptions {
  /** The line of column names. */
  header: boolean;
  /** What stands for NULL. */
  null: string;
  /** One character between two fields. */
  delimiter: string;
}

export type Compression = 'gzip' | 'zstd';

/**
 * How the database sends a column: in its type's binary form, as its output function prints it (what psql shows), or
 * as `to_json` has it.
 */
export type Sent = 'binary' | 'text' | 'json';

/** A column of what is written. */
export interface WriteColumn {
  name: string;
  /** Its type in the database; a column that comes as text or JSON is `utf8` in the batch, whatever this says. */
  type: ValueType;
  sent: Sent;
  notNull: boolean;
  /** It is the table's primary key, alone. */
  key: boolean;
}

/** What can be asked of the rows before the first is written: of a column that has no NULL, 0. */
export interface Measure {
  column: string;
  /** `characters`: of the longest value's text; `dimensions`: of all vectors, which must agree; `nulls`: how many. */
  what: 'characters' | 'dimensions' | 'nulls';
}

/** The answers; the rows are counted whenever something is measured. */
export interface Measured {
  rows: number;
  /** In the order of the measures; dimensions are undefined where there are no vectors. */
  values: readonly (number | undefined)[];
}

/** What a file is written from: the same for the encoders in the lanes and for the assembler. Structured-cloneable. */
export interface WritePlan {
  columns: readonly WriteColumn[];
  text: TextOptions;
  /** Only for formats that compress within; undefined: as the format does it by itself. */
  compression: Compression | undefined;
  /** Set where the format measures; of the whole export. */
  measured: Measured | undefined;
}

/** Some rows as they stand in the file. */
export interface Part {
  rows: number;
  /** For each stream of the format's; every one in a buffer of its own, which changes threads. */
  streams: Uint8Array<ArrayBuffer>[];
  /** What the assembler must know of these rows; structured-cloneable. */
  note?: unknown;
}

/** A buffer, used before perhaps, of so many bytes at least: `subarray` of it is what goes into a part. */
export type Take = (length: number) => Uint8Array<ArrayBuffer>;

/** Encodes tuples as they are, undefined: that these must be decoded. Their buffer stays the caller's. */
export type EncodeTuples = (tuples: Uint8Array<ArrayBuffer>, rows: number) => Part | undefined;

/**
 * Turns rows into bytes of the file, in a lane. A batch's arrays are written over by the next one. Tuples are those of
 * COPY BINARY, whole ones, without header and trailer, in a buffer that is the encoder's to give away. What takes batches
 * may have a shorter way for some tuples.
 */
export type Encoder =
  | { takes: 'batches'; encode: (batch: Batch) => Part; encodeTuples?: EncodeTuples | undefined }
  | { takes: 'tuples'; encode: (tuples: Uint8Array<ArrayBuffer>, rows: number) => Part };

/** The bytes around the parts of one file, in the main thread. */
export interface Assembler {
  /** What the file begins with. */
  head: () => Uint8Array;
  /**
   * A part is written, in the order of the file.
   * @param offset where the bytes of the file's first stream begin in the file
   */
  add: (part: Omit<Part, 'streams'> & { lengths: readonly number[] }, offset: number) => void;
  /** What the file ends with: bytes, and whole streams that were kept aside, by their index among `streams`. */
  end: () => Iterable<Uint8Array | { stream: number }>;
}

/** One of the files that a format writes side by side. */
export interface FileLayout {
  /** In the place of the format's own ending: `.ids.npy`; undefined: the file that was asked for. */
  ending: string | undefined;
  /** Which of a part's streams go into it: the first as they come, the others kept aside until its end. */
  streams: readonly number[];
  /** @param rows of this file, where something is measured: with --split not the whole export's */
  assembler: (plan: WritePlan, rows: number | undefined) => Assembler;
}

/** Of a format that is a directory: files, and one that tells of them. */
export interface DatasetLayout {
  /** Of its files, with the dot. */
  ending: string;
  /** The name of the file that tells of the others. */
  meta: string;
  /** What it says. */
  describe: (facts: DatasetFacts) => string;
}

export interface DatasetFacts {
  /** The table's. */
  name: string;
  columns: readonly WriteColumn[];
  /** From the directory. */
  files: readonly string[];
  rows: number;
  /** What columns of vectors are searched by, where an index tells. */
  metrics: ReadonlyMap<string, Metric>;
  at: Date;
}

/**
 * A kind of file that rows can be written as. To add one: a file beside this one with an object of this shape,
 * and a line in formats.ts.
 */
export interface WriteFormat {
  /** As `--format` takes it; also the ending of the file that is named after the table. */
  name: string;
  /** Endings of file names that mean this format, without the dot. */
  endings: readonly string[];
  /** Not for a terminal. */
  binary: boolean;
  /** Its file can be gone on with behind any part, without a word of those before. */
  appendable?: true;
  /** An export is a directory. */
  dataset?: DatasetLayout;
  /** Bytes of COPY's tuples a part, about; undefined: what suits most. */
  partLength?: number;
  /** Which of --no-header, --null, --delimiter mean something. */
  textOptions: readonly (keyof TextOptions)[];
  /** `around`: the file's bytes are compressed, part by part; a list: what it can be asked to do within. */
  compression: 'around' | readonly Compression[];
  /** How a column of this type is best sent. */
  sent: (type: ValueType) => Sent;
  /**
   * The columns that it can hold, of those there are, where none were asked for by name; undefined: all.
   * `vector` is the vector column that was chosen, if there is one.
   * @throws UsageError where it can hold none
   */
  choose?: (columns: readonly WriteColumn[], vector: string | undefined) => readonly WriteColumn[];
  /** @throws UsageError for a column, asked for by name, that it cannot hold */
  check?: (columns: readonly WriteColumn[]) => void;
  /** What must be known beforehand; undefined: nothing, not even the number of rows. */
  measures?: (columns: readonly WriteColumn[]) => readonly Measure[];
  /** Loads what the encoder and the assembler need. */
  prepare?: (plan: WritePlan) => Promise<void>;
  /** @throws DataError, in `encode`, with the column, for a value that the format cannot hold */
  encoder: (plan: WritePlan, take: Take) => Encoder;
  files: (plan: WritePlan) => readonly FileLayout[];
  /** The endings that `files` may give: a file with one that is not written now would be taken for a part of this. */
  besides?: readonly string[];
}
