import type { Batch, Piece, StoredPieces } from '../../batch.ts';
import type { DataError } from '../../errors.ts';
import type { Source } from '../../source.ts';
import type { SessionFacts, ValueType } from '../../values/types.ts';

/** A format that rows are read from: an object in the list of formats.ts. */
export interface ReadFormat {
  name: string;
  /** Endings of file names, with their dot. */
  extensions: readonly string[];
  /** The bytes that every such file begins with, where there are any. */
  magic?: readonly number[];
  /** It is text, which another encoding than UTF-8 may be decoded to. */
  text?: true;
  /** It is read here and there, and so from a plain file alone. */
  seeks?: true;
  /** A file may hold several arrays, of which `OpenOptions.dataset` names one. */
  datasets?: true;
  /** The ids of its rows may be in a file beside it: docs.ids.npy, of docs.npy. */
  idsBeside?: true;
  /** Reads the beginning: names and a sample, from which mapping and types are decided. */
  open: (source: Source, options: OpenOptions) => Promise<OpenedFile>;
  /** Loads what a decoder of this layout needs and cannot wait for; awaited in each lane before the first is made. */
  prepare?: (layout: Layout) => Promise<void>;
  /** Made in each lane, from what `OpenedFile.layout` says. */
  decoder: (
    layout: Layout,
    columns: readonly DecodedColumn[],
    road: Road,
    session: SessionFacts,
  ) => PieceDecoder;
}

/** How the user says a file is written; what is undefined is as the format has it. */
export interface OpenOptions {
  header?: boolean | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: string | undefined;
  null?: string | undefined;
  /** The fields that are taken: where it is given, a file may hold others that its beginning does not show. */
  columns?: readonly string[] | undefined;
  /** Which of a file's arrays is read. */
  dataset?: string | undefined;
  /** The file of ids that lies beside this one; both are then plain files. */
  ids?: Source | undefined;
  /** Keeps what is left of a stream where it can be read here and there, for a format that finds out while opening. */
  spool?: ((stream: Source) => Promise<Source>) | undefined;
  /** Bytes a piece; left out, what serves speed. */
  pieceLength?: number | undefined;
}

/** A file whose beginning has been looked at. */
export interface OpenedFile {
  /** Names of the fields, in the file's order; undefined where it has none (no header). */
  fieldNames: readonly string[] | undefined;
  fieldCount: number;
  /**
   * Set where the file names nothing and holds one field a row: the field's name is ours, --columns may give it
   * another, and each row's number from 0, by which other files refer to it, can be had as a second field, `row`.
   * `rowCount`: where it is known beforehand.
   */
  implied?: { rowCount: number | undefined };
  /** SQL's types that suit the fields, where the file itself knows them; else the sample tells. */
  types?: readonly string[];
  /** Set where values are as PostgreSQL itself reads them, by this road, whatever their types, which nothing tells. */
  valuesBy?: Road;
  /**
   * Set where rows may have fields that the first ones have not: the field behind the last, of type json, is an object
   * of those, NULL where there are none.
   */
  otherFields?: true;
  /** Set where rows go on nearly as they are, which is little work. */
  light?: true;
  /** Bytes before the first record: a byte order mark, a header. */
  headLength: number;
  /** The first records' fields as text, NULL as null. */
  sample: readonly (readonly (string | null)[])[];
  /** Set where there are records at the beginning, and none that can be read: what is wrong with the first. */
  unreadable?: DataError;
  /** What each field's values are in the sample, in a format whose values are of kinds. */
  kinds?: readonly ValueKind[];
  /** What a decoder in another thread needs to know; structured-cloneable. */
  layout: Layout;
  /**
   * What stands before the rows in a file of rejected ones, so that it can be mended and loaded: the header, as it
   * stood, with its line end.
   */
  rejectHead?: Uint8Array;
  /** The file, once, cut where the file alone decides; without the pieces that are stored, unread where that can be. */
  pieces: (stored?: StoredPieces) => AsyncIterable<Piece>;
  /** Takes a piece's buffer back, to be filled again. */
  recycle: (buffer: ArrayBuffer) => void;
}

/** `document`: an object, or something else than the lists and objects beside it; `scalar`: of several kinds. */
export type ValueKind = 'number' | 'boolean' | 'string' | 'list' | 'document' | 'scalar';

export interface Layout {
  format: string;
  /** As messages name it. */
  file: string;
  [detail: string]: unknown;
}

/** One column of the table, and the field it comes from. */
export interface DecodedColumn {
  name: string;
  /** Index of the field in the file. */
  field: number;
  type: ValueType;
  /** The type was inferred from a sample: what it cannot hold just as it was written is an error. */
  inferred: boolean;
}

/** binary: typed columns for COPY BINARY; text: every column as its text, for PostgreSQL to read. */
export type Road = 'binary' | 'text';

/** A record as it goes into a file of rejected ones. */
export interface RejectedRecord {
  /**
   * Just as it stood, with its line end (a line without one gets it), in a format of records; in one of columns, and of
   * objects in an array, a line of JSON. A copy, which is the caller's.
   */
  bytes: Uint8Array;
  /** Where it begins in the source's own bytes; undefined where a row does not lie in one place. */
  byteOffset: number | undefined;
}

/** Told of a record that cannot be read, which is then left out. `error` is a DataError with file, row and column. */
export type OnBadRecord = (error: DataError, record: RejectedRecord) => void;

export interface PieceDecoder {
  /**
   * The piece's rows in batches of about a quarter of a megabyte. A batch is valid until the next one.
   * @param onBad left out, a bad record ends it all; given, each is told and the rows around it come as they are. What
   *   was told of a piece that ends with NeedsText is told again by the decoder of the other road, where it is still bad
   * @throws DataError with file, row and column for a bad record; NeedsText on the binary road
   */
  batches: (piece: Piece, onBad?: OnBadRecord) => Iterable<Batch>;
  /**
   * The piece's rows as COPY takes them by the binary road, in chunks that may end anywhere, each valid until the next, where
   * there is a shorter way to them than by batches; else undefined.
   * @param onBad left out, a bad record ends it all
   * @throws DataError as `batches` does
   */
  tuples?: (piece: Piece, onBad?: OnBadRecord) => Iterable<Uint8Array> | undefined;
  /** Input bytes of the current piece that have been decoded. */
  readonly bytesRead: number;
  /** The number in the file of the piece's n-th decoded row (from 0), once the piece has been decoded that far. */
  rowNumber: (piece: Piece, n: number) => number;
  /** The same row as it goes into a file of rejected ones, once the piece has been decoded to its end. */
  record: (piece: Piece, n: number) => RejectedRecord;
}

/** A value that only PostgreSQL can read is among the piece's: the whole piece must go by text. */
export class NeedsText extends Error {}
