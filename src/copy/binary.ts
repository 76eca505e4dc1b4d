import { type Batch, type Column, isValid } from '../batch.ts';

/**
 * PostgreSQL's binary COPY format (manual: COPY, Binary Format): a header, then for each row an int16 count of
 * fields and for each field its length as int32 (−1: NULL) and its bytes, big-endian; −1 ends the data.
 */
export const binaryHeader = Uint8Array.from([
  ...Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
  ...[0, 0, 0, 0], // flags
  ...[0, 0, 0, 0], // length of the header's extension
]);

export const binaryTrailer = Uint8Array.of(0xff, 0xff);

/** Encodes the rows of a batch as COPY's tuples, in an array of their own. */
export function encodeBinary({ rows, columns }: Batch): Uint8Array<ArrayBuffer> {
  const fields = columns.map(fieldOf);
  let size = rows * (2 + 4 * fields.length);
  for (const field of fields) size += field.totalSize(rows);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const out = { bytes, view };
  let at = 0;
  for (let row = 0; row < rows; row++) {
    view.setInt16(at, fields.length);
    at += 2;
    for (let i = 0; i < fields.length; i++) at = writeField(fields[i]!, row, out, at);
  }
  return bytes;
}

interface Out {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
}

/** How one column's values are written: their sizes beforehand, their bytes, without the length in front. */
interface Field {
  validity: Uint8Array | undefined;
  /** Bytes of all values of `rows` rows together, at most. */
  totalSize: (rows: number) => number;
  /** Writes row `row`'s value from `at` on; returns where it ends. */
  write: (row: number, out: Out, at: number) => number;
}

function writeField(field: Field, row: number, out: Out, at: number): number {
  if (!isValid(field.validity, row)) {
    out.view.setInt32(at, -1);
    return at + 4;
  }
  const end = field.write(row, out, at + 4);
  out.view.setInt32(at, end - at - 4);
  return end;
}

function fieldOf(column: Column): Field {
  const { validity } = column;
  switch (column.kind) {
    case 'vector':
    case 'halfvec': {
      const size = 4 + column.dimensions * column.values.BYTES_PER_ELEMENT;
      const write = elementsWriter(column.values);
      return {
        validity,
        totalSize: (rows) => rows * size,
        write: (row, out, at) => {
          out.view.setInt16(at, column.dimensions);
          out.view.setInt16(at + 2, 0);
          return write(row * column.dimensions, (row + 1) * column.dimensions, out, at + 4);
        },
      };
    }
    case 'ragged-vector': {
      const { offsets, values } = column;
      const write = elementsWriter(values);
      return {
        validity,
        totalSize: (rows) => rows * 4 + values.byteLength,
        write: (row, out, at) => {
          out.view.setInt16(at, offsets[row + 1]! - offsets[row]!);
          out.view.setInt16(at + 2, 0);
          return write(offsets[row]!, offsets[row + 1]!, out, at + 4);
        },
      };
    }
    case 'sparsevec':
      return {
        validity,
        totalSize: (rows) => rows * 12 + column.values.length * 8,
        write: (row, out, at) => writeSparse(column, row, out, at),
      };
    case 'bits':
      return {
        validity,
        totalSize: (rows) => rows * 4 + column.bytes.length,
        write: (row, out, at) => {
          out.view.setInt32(at, column.lengths[row]!);
          return writeBytes(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, out, at + 4);
        },
      };
    case 'json':
      return {
        validity,
        totalSize: (rows) => rows + column.bytes.length,
        write: (row, out, at) => {
          out.bytes[at] = 1; // jsonb's only version
          return writeBytes(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, out, at + 1);
        },
      };
    case 'utf8':
    case 'raw':
      return {
        validity,
        totalSize: () => column.bytes.length,
        write: (row, out, at) =>
          writeBytes(column.bytes, column.offsets[row]!, column.offsets[row + 1]!, out, at),
      };
    case 'array':
      return arrayField(column);
    case 'uuid':
      return fixedField(validity, 16, (row, out, at) => {
        for (let i = 0; i < 16; i++) out.bytes[at + i] = column.values[row * 16 + i]!;
      });
    case 'boolean':
      return fixedField(validity, 1, (row, out, at) => {
        out.bytes[at] = column.values[row]!;
      });
    case 'int64':
    case 'timestamp':
    case 'time': {
      // Two 32-bit halves: no BigInt a value.
      const halves = new Int32Array(column.values.buffer, column.values.byteOffset, column.values.length * 2);
      return fixedField(validity, 8, (row, out, at) => {
        out.view.setInt32(at, halves[row * 2 + 1]!);
        out.view.setInt32(at + 4, halves[row * 2]!);
      });
    }
    case 'int16':
      return fixedField(validity, 2, (row, out, at) => out.view.setInt16(at, column.values[row]!));
    case 'int32':
    case 'date':
      return fixedField(validity, 4, (row, out, at) => out.view.setInt32(at, column.values[row]!));
    case 'float32':
      return fixedField(validity, 4, (row, out, at) => out.view.setFloat32(at, column.values[row]!));
    case 'float64':
      return fixedField(validity, 8, (row, out, at) => out.view.setFloat64(at, column.values[row]!));
  }
}

function fixedField(
  validity: Uint8Array | undefined,
  size: number,
  write: (row: number, out: Out, at: number) => void,
): Field {
  return {
    validity,
    totalSize: (rows) => rows * size,
    write: (row, out, at) => {
      write(row, out, at);
      return at + size;
    },
  };
}

type ElementsWriter = (from: number, to: number, out: Out, at: number) => number;

/** Writes vector elements [from, to) as big-endian patterns of their own width. */
function elementsWriter(values: Float32Array | Uint16Array): ElementsWriter {
  if (values instanceof Uint16Array) {
    return (from, to, { view }, at) => {
      for (let i = from; i < to; i++, at += 2) view.setUint16(at, values[i]!);
      return at;
    };
  }
  // As bit patterns, so that no NaN's payload or sign changes on the way.
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return (from, to, { view }, at) => {
    for (let i = from; i < to; i++, at += 4) view.setUint32(at, patterns[i]!);
    return at;
  };
}

function writeBytes(source: Uint8Array, from: number, to: number, { bytes }: Out, at: number): number {
  if (to - from < 32) for (let i = from; i < to; i++) bytes[at++] = source[i]!;
  else {
    bytes.set(source.subarray(from, to), at);
    at += to - from;
  }
  return at;
}

/** int32 dimensions, int32 non-zero elements, int32 0, the indices from 0, the values. */
function writeSparse(
  column: Extract<Column, { kind: 'sparsevec' }>,
  row: number,
  { view }: Out,
  at: number,
): number {
  const from = column.offsets[row]!;
  const to = column.offsets[row + 1]!;
  view.setInt32(at, column.dimensions[row]!);
  view.setInt32(at + 4, to - from);
  view.setInt32(at + 8, 0);
  let position = at + 12;
  for (let i = from; i < to; i++, position += 4) view.setInt32(position, column.indices[i]!);
  for (let i = from; i < to; i++, position += 4) view.setFloat32(position, column.values[i]!);
  return position;
}

/**
 * array_recv: int32 dimensions (0 when empty), int32 whether NULLs are there, the element's OID, then length and
 * lower bound, then the elements as fields.
 */
function arrayField(column: Extract<Column, { kind: 'array' }>): Field {
  const element = fieldOf(column.elements);
  const { offsets } = column;
  return {
    validity: column.validity,
    totalSize: (rows) => rows * 20 + offsets[rows]! * 4 + element.totalSize(offsets[rows]!),
    write: (row, out, at) => {
      const from = offsets[row]!;
      const to = offsets[row + 1]!;
      out.view.setInt32(at, to > from ? 1 : 0);
      out.view.setInt32(at + 4, element.validity === undefined ? 0 : 1);
      out.view.setInt32(at + 8, column.elementOid);
      if (to === from) return at + 12;
      out.view.setInt32(at + 12, to - from);
      out.view.setInt32(at + 16, 1);
      let position = at + 20;
      for (let i = from; i < to; i++) position = writeField(element, i, out, position);
      return position;
    },
  };
}
