import { Damaged } from '../columnar/values.ts';
import { countAt, readStruct, structAt, structsAt, type ThriftStruct, textAt } from './thrift.ts';

// The footer's structs, as far as they are needed, by the names and ids of
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.

export interface FileMetadata {
  /** The tree of the schema, root first, depth first. */
  schema: readonly SchemaElement[];
  rowGroups: readonly RowGroup[];
  /** What its writer has to say besides. */
  keyValues: ReadonlyMap<string, string>;
}

export interface SchemaElement {
  name: string;
  /** Undefined for groups. */
  type: number | undefined;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  typeLength: number;
  repetition: number;
  children: number;
  convertedType: number | undefined;
  scale: number;
  precision: number;
  logicalType: ThriftStruct | undefined;
}

export interface RowGroup {
  rows: number;
  /** By leaf of the schema. */
  chunks: readonly ColumnChunk[];
}

export interface ColumnChunk {
  codec: number;
  /** Where its pages begin in the file, the dictionary's first, and how many bytes they are. */
  offset: number;
  length: number;
  uncompressedLength: number;
}

/** Types of leaves. */
export const physical = {
  boolean: 0,
  int32: 1,
  int64: 2,
  int96: 3,
  float: 4,
  double: 5,
  byteArray: 6,
  fixed: 7,
} as const;

/** @param footer the bytes of FileMetaData @throws Damaged */
export function readMetadata(footer: Uint8Array): FileMetadata {
  const { struct } = readStruct(footer);
  return {
    schema: structsAt(struct, 2).map(readElement),
    rowGroups: structsAt(struct, 4).map((group) => ({
      rows: countAt(group, 3),
      chunks: structsAt(group, 1).map(readChunk),
    })),
    keyValues: new Map(
      (struct.has(5) ? structsAt(struct, 5) : []).map((pair) => [
        textAt(pair, 1) ?? '',
        textAt(pair, 2) ?? '',
      ]),
    ),
  };
}

function readElement(element: ThriftStruct): SchemaElement {
  const optional = (id: number) => (element.has(id) ? countAt(element, id) : undefined);
  const scale = element.get(7);
  return {
    type: optional(1),
    typeLength: countAt(element, 2, 0),
    repetition: countAt(element, 3, 0),
    name: textAt(element, 4) ?? '',
    children: countAt(element, 5, 0),
    convertedType: optional(6),
    scale: typeof scale === 'number' ? scale : 0,
    precision: countAt(element, 8, 0),
    logicalType: structAt(element, 10),
  };
}

function readChunk(chunk: ThriftStruct): ColumnChunk {
  const metadata = structAt(chunk, 3);
  if (metadata === undefined) throw new Damaged('a column lacks its metadata, or is encrypted');
  if (chunk.has(1)) throw new Damaged('a column lies in another file');
  const data = countAt(metadata, 9);
  // Some writers say 0 where there is no dictionary.
  const dictionary = countAt(metadata, 11, 0);
  return {
    codec: countAt(metadata, 4),
    offset: dictionary > 0 ? Math.min(dictionary, data) : data,
    length: countAt(metadata, 7),
    uncompressedLength: countAt(metadata, 6),
  };
}
