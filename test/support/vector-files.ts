// Writers of npy and fvecs files, and what such a file's elements are: by DataView alone, apart from the readers.

export type Value = number | bigint;

interface Kind {
  size: number;
  get: (view: DataView, at: number, littleEndian: boolean) => Value;
}

/** Elements by NumPy's name. */
export const kinds = {
  f2: { size: 2, get: (view, at, little) => halfValue(view.getUint16(at, little)) },
  f4: { size: 4, get: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, get: (view, at, little) => view.getFloat64(at, little) },
  i1: { size: 1, get: (view, at) => view.getInt8(at) },
  i2: { size: 2, get: (view, at, little) => view.getInt16(at, little) },
  i4: { size: 4, get: (view, at, little) => view.getInt32(at, little) },
  i8: { size: 8, get: (view, at, little) => view.getBigInt64(at, little) },
  u1: { size: 1, get: (view, at) => view.getUint8(at) },
  u2: { size: 2, get: (view, at, little) => view.getUint16(at, little) },
  u4: { size: 4, get: (view, at, little) => view.getUint32(at, little) },
  u8: { size: 8, get: (view, at, little) => view.getBigUint64(at, little) },
  b1: { size: 1, get: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;

export interface WrittenArray {
  kind: KindName;
  bigEndian?: boolean;
  fortran?: boolean;
  version?: 1 | 2 | 3;
  rows: number;
  /** Undefined: an array of one axis. */
  dimensions: number | undefined;
  /** The array's bytes, in the order that the file has them. */
  bytes: Buffer;
}

export function npyFile(array: WrittenArray): Buffer {
  const { kind, bigEndian = false, fortran = false, rows, dimensions, bytes } = array;
  const order = kinds[kind].size === 1 ? '|' : bigEndian ? '>' : '<';
  const shape = dimensions === undefined ? `(${rows},)` : `(${rows}, ${dimensions})`;
  const dictionary = `{'descr': '${order}${kind}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  return Buffer.concat([npyHead(dictionary, array.version), bytes]);
}

/** Magic string, version, length and dictionary, padded with spaces to a multiple of 64. */
export function npyHead(dictionary: string, version = 1): Buffer {
  const before = version === 1 ? 10 : 12;
  const length = Math.ceil((before + dictionary.length + 1) / 64) * 64 - before;
  const head = Buffer.alloc(before);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(length, 8);
  else head.writeUInt32LE(length, 8);
  return Buffer.concat([head, Buffer.from(`${dictionary.padEnd(length - 1)}\n`)]);
}

/** The array's rows. */
export function valuesOf({ kind, bigEndian, fortran, rows, dimensions = 1, bytes }: WrittenArray): Value[][] {
  const { size, get } = kinds[kind];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = (row: number, column: number) => (fortran ? column * rows + row : row * dimensions + column);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: dimensions }, (_, column) => get(view, at(row, column) * size, !bigEndian)),
  );
}

/** fvecs, bvecs or ivecs: each row's number of elements, then they. @param rows the bytes of each row's elements */
export function vecsFile(rows: readonly Buffer[], size: number): Buffer {
  return Buffer.concat(
    rows.flatMap((row) => {
      const count = Buffer.alloc(4);
      count.writeInt32LE(row.length / size);
      return [count, row];
    }),
  );
}

/** fvecs of these numbers. */
export function fvecsFile(rows: readonly (readonly number[])[]): Buffer {
  return vecsFile(
    rows.map((row) => Buffer.from(Float32Array.from(row).buffer)),
    4,
  );
}

/** npy of these numbers, as float32. */
export function floatsNpy(rows: readonly (readonly number[])[]): Buffer {
  const bytes = Buffer.from(Float32Array.from(rows.flat()).buffer);
  return npyFile({ kind: 'f4', rows: rows.length, dimensions: rows[0]!.length, bytes });
}

/** IEEE 754 binary16, from its definition. */
function halfValue(pattern: number): number {
  const sign = pattern >= 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(pattern & 0x7c00) >> 10, pattern & 0x3ff];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction * 2 ** -10) * 2 ** (exponent - 15);
}
