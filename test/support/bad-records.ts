import { type Batch, type Column, isValid } from '../../src/batch.ts';
import type { DecodedColumn, OpenOptions, ReadFormat, Road } from '../../src/formats/read/format.ts';
import { chunkedSource } from './read-vectors.ts';

/** A bad record, as the decoder tells of it. */
export interface Told {
  row: number | undefined;
  column: string | undefined;
  message: string;
  bytes: string;
  byteOffset: number | undefined;
}

/** A row that came, and its record. */
export interface Came {
  number: number;
  values: unknown[];
  bytes: string;
  byteOffset: number | undefined;
}

export interface Reading extends OpenOptions {
  road?: Road;
  decoded: readonly DecodedColumn[];
}

/** All rows of a file around its bad records, by way of its pieces, and what is told of these. Bytes as latin1. */
export async function readAround(
  format: ReadFormat,
  bytes: Uint8Array,
  { road = 'binary', decoded, ...options }: Reading,
): Promise<{ rows: Came[]; told: Told[] }> {
  const file = await format.open(chunkedSource(bytes, `test.${format.name}`), options);
  const decoder = format.decoder(file.layout, decoded, road, { utc: true });
  const [rows, told]: [Came[], Told[]] = [[], []];
  for await (const piece of file.pieces()) {
    const values: unknown[][] = [];
    const batches = decoder.batches(piece, ({ row, column, message }, record) => {
      told.push({ row, column, message, ...asText(record) });
    });
    for (const batch of batches) values.push(...rowsOf(batch));
    values.forEach((row, n) => {
      const number = decoder.rowNumber(piece, n);
      rows.push({ number, values: row, ...asText(decoder.record(piece, n)) });
    });
  }
  return { rows, told };
}

function asText({ bytes, byteOffset }: { bytes: Uint8Array; byteOffset: number | undefined }) {
  return { bytes: Buffer.from(bytes).toString('latin1'), byteOffset };
}

/** A batch's values, row by row, as plain JavaScript. */
export function rowsOf({ rows, columns }: Batch): unknown[][] {
  return Array.from({ length: rows }, (_, row) => columns.map((column) => valueAt(column, row)));
}

function valueAt(column: Column, row: number): unknown {
  if (!isValid(column.validity, row)) return null;
  if (!('offsets' in column)) {
    const wide = column.kind === 'vector' || column.kind === 'halfvec';
    const width = wide ? column.dimensions : column.kind === 'uuid' ? 16 : 1;
    const values = Array.from(column.values.subarray(row * width, (row + 1) * width), Number);
    return width === 1 ? values[0] : values;
  }
  const [from, to] = [column.offsets[row]!, column.offsets[row + 1]!];
  switch (column.kind) {
    case 'array':
      return Array.from({ length: to - from }, (_, i) => valueAt(column.elements, from + i));
    case 'ragged-vector':
      return Array.from(column.values.subarray(from, to));
    case 'sparsevec': {
      const elements = Array.from(column.indices.subarray(from, to), (index, i) => [
        index,
        column.values[from + i],
      ]);
      return { dimensions: column.dimensions[row], elements };
    }
    case 'bits':
      return { length: column.lengths[row], bytes: Array.from(column.bytes.subarray(from, to)) };
    default:
      return Buffer.from(column.bytes.subarray(from, to)).toString('utf8');
  }
}
