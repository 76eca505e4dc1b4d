/**
 * The one shape that data has inside: a run of rows, laid out column by column as Arrow lays them.
 * No object a row, no string a value: that is where the speed is.
 */
export interface Batch {
  rows: number;
  /** Each has so many rows at least: what lies behind is not the batch's. */
  columns: readonly Column[];
}

/** A run of whole records of the source: the unit of work, of retry and of resume. */
export interface Location {
  /** From 0, in the order of the source. */
  sequence: number;
  /** Number of the piece's first data record in the source, from 1. */
  firstRow: number;
  /** How many records it holds: the next piece's firstRow is this one's and its records. */
  records: number;
  /** In the source's own bytes. */
  byteOffset: number;
  byteLength: number;
}

/** Pieces, by sequence, that are stored already: what is needed of each to begin the next behind it. */
export type StoredPieces = ReadonlyMap<number, Pick<Location, 'records' | 'byteLength'>>;

/** The bytes of whole records, in a buffer that belongs to the piece alone (so that it can change threads). */
export interface Piece {
  location: Location;
  bytes: Uint8Array<ArrayBuffer>;
  /** Records that the bytes hold, of which the first `location.records` alone are wanted; undefined: all are. */
  held?: number;
}

interface Nullable {
  /** Bit `row` (least significant first) is 1 where there is a value; undefined: no row is NULL. */
  validity: Uint8Array | undefined;
}

/** float32, row after row; a NULL row's values are 0. */
export interface VectorColumn extends Nullable {
  kind: 'vector';
  dimensions: number;
  values: Float32Array;
}

/** IEEE 754 binary16 patterns, row after row. */
export interface HalfVectorColumn extends Nullable {
  kind: 'halfvec';
  dimensions: number;
  values: Uint16Array;
}

/** Vectors of a column without dimensions: row i is values[offsets[i], offsets[i + 1]). */
export interface RaggedVectorColumn extends Nullable {
  kind: 'ragged-vector';
  offsets: Int32Array;
  values: Float32Array | Uint16Array;
}

/** Row i has the elements [offsets[i], offsets[i + 1]); indices from 0, ascending, no zero among the values. */
export interface SparseVectorColumn extends Nullable {
  kind: 'sparsevec';
  dimensions: Int32Array;
  offsets: Int32Array;
  indices: Int32Array;
  values: Float32Array;
}

/** bit and bit varying: row i has lengths[i] bits, most significant first, from byte offsets[i] on. */
export interface BitsColumn extends Nullable {
  kind: 'bits';
  lengths: Int32Array;
  offsets: Int32Array;
  bytes: Uint8Array;
}

/**
 * Row i is bytes[offsets[i], offsets[i + 1]): UTF-8 text, a JSON document, or (`raw`) a field's binary value
 * as PostgreSQL sends it, passed through unread.
 */
export interface BytesColumn extends Nullable {
  kind: 'utf8' | 'json' | 'raw';
  offsets: Int32Array;
  bytes: Uint8Array;
}

export interface NumberColumn extends Nullable {
  kind: 'int16' | 'int32' | 'float32' | 'float64' | 'date';
  /** Int16Array, Int32Array (a date: days since 2000-01-01), Float32Array or Float64Array, as the kind says. */
  values: Int16Array | Int32Array | Float32Array | Float64Array;
}

export interface Int64Column extends Nullable {
  /** timestamp: microseconds since 2000-01-01 00:00 (UTC where the type has a zone); time: since midnight. */
  kind: 'int64' | 'timestamp' | 'time';
  values: BigInt64Array;
}

export interface BooleanColumn extends Nullable {
  kind: 'boolean';
  /** 0 or 1 a row. */
  values: Uint8Array;
}

export interface UuidColumn extends Nullable {
  kind: 'uuid';
  /** 16 bytes a row. */
  values: Uint8Array;
}

/** One-dimensional arrays: row i has the elements [offsets[i], offsets[i + 1]). */
export interface ArrayColumn extends Nullable {
  kind: 'array';
  /** The element's type, as the wire names it. */
  elementOid: number;
  offsets: Int32Array;
  elements: Column;
}

export type Column =
  | ArrayColumn
  | VectorColumn
  | HalfVectorColumn
  | RaggedVectorColumn
  | SparseVectorColumn
  | BitsColumn
  | BytesColumn
  | NumberColumn
  | Int64Column
  | BooleanColumn
  | UuidColumn;

/** Whether row `row` of a column with this validity bitmap holds a value. */
export function isValid(validity: Uint8Array | undefined, row: number): boolean {
  return validity === undefined || (validity[row >> 3]! & (1 << (row & 7))) !== 0;
}
