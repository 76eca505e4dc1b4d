import { type Column, isValid } from '../batch.ts';
import { copyBytes } from '../copy-bytes.ts';
import type { RowSwapper } from '../vector/floats-wasm.ts';

/** A column of these kinds. */
type Of<Kind extends Column['kind']> = Extract<Column, { kind: Kind }>;

export interface Out {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** Writes float32s into the bytes, quicker than a loop of ours; not every memory has it. */
  swapper: RowSwapper | undefined;
}

export function outOf(bytes: Uint8Array<ArrayBuffer>, swapper?: RowSwapper): Out {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), swapper };
}

/** How one column's values are written: their sizes beforehand, their bytes, without the length in front. */
export interface Field {
  validity: Uint8Array | undefined;
  /** Bytes of every value, where all are as long. */
  size?: number;
  /** Of vectors of float32s, all as long: what stands in them. */
  floats?: { dimensions: number; bytes: Uint8Array };
  /** Bytes of all values of `rows` rows together, at most. */
  totalSize: (rows: number) => number;
  /** Writes row `row`'s value from `at` on; returns where it ends. */
  write: (row: number, out: Out, at: number) => number;
}

/** Writes the field of row `row` with its length in front; returns where it ends. */
export function writeField(field: Field, row: number, out: Out, at: number): number {
  if (!isValid(field.validity, row)) {
    out.view.setInt32(at, -1);
    return at + 4;
  }
  const end = field.write(row, out, at + 4);
  out.view.setInt32(at, end - at - 4);
  return end;
}

/** How the values of this column are written. */
export function fieldOf(column: Column): Field {
  switch (column.kind) {
    case 'vector':
    case 'halfvec':
      return denseField(column);
    case 'ragged-vector':
      return raggedField(column);
    case 'sparsevec':
      return sparseField(column);
    case 'bits':
      return bitsField(column);
    case 'json':
    case 'utf8':
    case 'raw':
      return bytesField(column);
    case 'array':
      return arrayField(column);
    case 'uuid':
      return uuidField(column);
    case 'int64':
    case 'timestamp':
    case 'time':
      return int64Field(column);
    default:
      return numberField(column);
  }
}

function denseField({ dimensions, values, validity }: Of<'vector' | 'halfvec'>): Field {
  const size = 4 + dimensions * values.BYTES_PER_ELEMENT;
  const write = elementsWriter(values);
  return {
    validity,
    size,
    ...(values instanceof Float32Array && { floats: { dimensions, bytes: bytesOf(values) } }),
    totalSize: (rows) => rows * size,
    write: (row, out, at) => {
      out.view.setInt16(at, dimensions);
      out.view.setInt16(at + 2, 0);
      return write(row * dimensions, (row + 1) * dimensions, out, at + 4);
    },
  };
}

function raggedField({ offsets, values, validity }: Of<'ragged-vector'>): Field {
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

/** int32 dimensions, int32 non-zero elements, int32 0, the indices from 0, the values. */
function sparseField({ dimensions, offsets, indices, values, validity }: Of<'sparsevec'>): Field {
  return {
    validity,
    totalSize: (rows) => rows * 12 + values.length * 8,
    write: (row, { view }, at) => {
      const from = offsets[row]!;
      const to = offsets[row + 1]!;
      view.setInt32(at, dimensions[row]!);
      view.setInt32(at + 4, to - from);
      view.setInt32(at + 8, 0);
      let position = at + 12;
      for (let i = from; i < to; i++, position += 4) view.setInt32(position, indices[i]!);
      for (let i = from; i < to; i++, position += 4) view.setFloat32(position, values[i]!);
      return position;
    },
  };
}

function bitsField({ lengths, offsets, bytes, validity }: Of<'bits'>): Field {
  return {
    validity,
    totalSize: (rows) => rows * 4 + bytes.length,
    write: (row, out, at) => {
      out.view.setInt32(at, lengths[row]!);
      return copyBytes(bytes, offsets[row]!, offsets[row + 1]!, out.bytes, at + 4);
    },
  };
}

function bytesField({ kind, offsets, bytes, validity }: Of<'json' | 'utf8' | 'raw'>): Field {
  if (kind !== 'json') {
    return {
      validity,
      totalSize: () => bytes.length,
      write: (row, out, at) => copyBytes(bytes, offsets[row]!, offsets[row + 1]!, out.bytes, at),
    };
  }
  return {
    validity,
    totalSize: (rows) => rows + bytes.length,
    write: (row, out, at) => {
      out.bytes[at] = 1; // jsonb's only version
      return copyBytes(bytes, offsets[row]!, offsets[row + 1]!, out.bytes, at + 1);
    },
  };
}

function uuidField({ values, validity }: Of<'uuid'>): Field {
  return fixedField(validity, 16, (row, { bytes }, at) => {
    for (let i = 0; i < 16; i++) bytes[at + i] = values[row * 16 + i]!;
  });
}

/** As two 32-bit halves: no BigInt a value. */
function int64Field({ values, validity }: Of<'int64' | 'timestamp' | 'time'>): Field {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return fixedField(validity, 8, (row, { view }, at) => {
    view.setInt32(at, halves[row * 2 + 1]!);
    view.setInt32(at + 4, halves[row * 2]!);
  });
}

function numberField(column: Of<'boolean' | 'int16' | 'int32' | 'date' | 'float32' | 'float64'>): Field {
  const { kind, values, validity } = column;
  switch (kind) {
    case 'boolean':
      return fixedField(validity, 1, (row, { view }, at) => view.setInt8(at, values[row]!));
    case 'int16':
      return fixedField(validity, 2, (row, { view }, at) => view.setInt16(at, values[row]!));
    case 'float32':
      return fixedField(validity, 4, (row, { view }, at) => view.setFloat32(at, values[row]!));
    case 'float64':
      return fixedField(validity, 8, (row, { view }, at) => view.setFloat64(at, values[row]!));
    default:
      return fixedField(validity, 4, (row, { view }, at) => view.setInt32(at, values[row]!));
  }
}

function fixedField(
  validity: Uint8Array | undefined,
  size: number,
  write: (row: number, out: Out, at: number) => void,
): Field {
  return {
    validity,
    size,
    totalSize: (rows) => rows * size,
    write: (row, out, at) => {
      write(row, out, at);
      return at + size;
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const oneRow = { from: 0, to: 0 };

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
  const bytes = bytesOf(values);
  return (from, to, { view, swapper }, at) => {
    if (swapper !== undefined && 4 * (to - from) <= swapper.from.length) {
      swapper.from.set(bytes.subarray(4 * from, 4 * to));
      swapper.swap(0, at, oneRow, to - from, 1);
      return at + 4 * (to - from);
    }
    for (let i = from; i < to; i++, at += 4) view.setUint32(at, patterns[i]!);
    return at;
  };
}

/**
 * array_recv: int32 dimensions (0 when empty), int32 whether NULLs are there, the element's OID, then length and
 * lower bound, then the elements as fields.
 */
function arrayField(column: Of<'array'>): Field {
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
