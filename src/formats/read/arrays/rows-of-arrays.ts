import type { Piece } from '../../../batch.ts';
import type { SessionFacts } from '../../../values/types.ts';
import { ColumnarDecoder, type ColumnarLayout, type PieceRows } from '../columnar/decoder.ts';
import { booleans, type FieldType, floats } from '../columnar/field-type.ts';
import { type ByteValues, Damaged, type FieldValues, type NumberValues } from '../columnar/values.ts';
import type { DecodedColumn, Layout, PieceDecoder, Road } from '../format.ts';
import { type ElementArray, elementTypes } from '../vectors/elements.ts';
import { recordLength, type VectorLayout } from '../vectors/layout.ts';
import { otherDimensions } from '../vectors/records.ts';
import { type Rows, RowsReader } from '../vectors/rows.ts';

/** Text of one width a row, which zeros fill up: NumPy's S (bytes) and U (UTF-32). */
export interface TextArray {
  /** Bytes a row. */
  width: number;
  wide: boolean;
  bigEndian: boolean;
}

/** One of the arrays that lie side by side. */
export type RowArray = { kind: 'numbers'; layout: VectorLayout } | ({ kind: 'text' } & TextArray);

/** A piece holds each array's part for its rows, one array behind the other. */
export interface ArraysLayout extends ColumnarLayout {
  arrays: readonly RowArray[];
}

/** Bytes a row of the array. */
export function rowLength(array: RowArray): number {
  return array.kind === 'text' ? array.width : recordLength(array.layout);
}

/** What the array's rows are as a field. */
export function arrayFieldType(array: RowArray): FieldType {
  if (array.kind === 'text') return { kind: 'text' };
  const element = numberType(array.layout);
  return array.layout.scalar ? element : { kind: 'list', element };
}

function numberType({ element }: VectorLayout): FieldType {
  if (element === 'b1') return booleans;
  const { size, sql } = elementTypes[element];
  return element.startsWith('f') ? floats[size as 2 | 4 | 8] : { kind: 'number', element, sql };
}

export function arraysDecoder(
  layout: Layout,
  columns: readonly DecodedColumn[],
  road: Road,
  session: SessionFacts,
): PieceDecoder {
  const arrays = layout as ArraysLayout;
  return new ColumnarDecoder(arrays, columns, road, session, arraysReader(arrays));
}

/** Reads a piece of arrays side by side. */
export function arraysReader({ arrays }: ArraysLayout): (piece: Piece) => PieceRows {
  const readers = arrays.map(fieldReader);
  return (piece) => {
    const count = piece.location.records;
    let at = 0;
    const parts = arrays.map((array) => {
      const part = piece.bytes.subarray(at, at + count * rowLength(array));
      at += part.length;
      return part;
    });
    return { count, field: (field) => readers[field]!(parts[field]!, count, piece.location.firstRow) };
  };
}

/** @param firstRow the number of the first row */
type FieldReader = (bytes: Uint8Array<ArrayBuffer>, count: number, firstRow: number) => FieldValues;

function fieldReader(array: RowArray): FieldReader {
  if (array.kind === 'text') return (bytes, count) => readTexts(bytes, count, array);
  const { layout } = array;
  const reader = new RowsReader(layout);
  const { size } = elementTypes[layout.element];
  return (bytes, count, firstRow) => {
    // Behind another array it may begin where elements cannot.
    const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
    const location = { sequence: 0, firstRow: 1, records: count, byteOffset: 0, byteLength: bytes.length };
    const rows = reader.read({ location, bytes: aligned }, count);
    const elements: NumberValues = {
      kind: 'numbers',
      length: count * layout.dimensions,
      validity: undefined,
      elements: elementsInOrder(layout, rows, count, firstRow),
    };
    if (layout.scalar) return elements;
    const offsets = Int32Array.from({ length: count + 1 }, (_, i) => i * layout.dimensions);
    return { kind: 'list', length: count, validity: undefined, offsets, elements };
  };
}

/** The elements row after row, and nothing between them. */
function elementsInOrder(layout: VectorLayout, rows: Rows, count: number, firstRow: number): ElementArray {
  if (layout.prefix > 0) return withoutPrefixes(layout, rows, count, firstRow);
  return layout.columnMajor ? rowByRow(rows, count, elementTypes[layout.element].size) : rows.elements;
}

/** @throws DataError for a row that says other dimensions than the first: what follows it lies elsewhere */
function withoutPrefixes(
  { dimensions, file, prefix }: VectorLayout,
  { elements, first, rowStep }: Rows,
  count: number,
  firstRow: number,
): ElementArray {
  const view = new DataView(elements.buffer, elements.byteOffset, elements.byteLength);
  const out = emptyLike(elements, count * dimensions);
  for (let row = 0; row < count; row++) {
    const start = first + row * rowStep;
    const seen = view.getInt32(start * elements.BYTES_PER_ELEMENT - prefix, true);
    if (seen !== dimensions) throw otherDimensions(seen, dimensions, file, firstRow + row);
    out.set(elements.subarray(start, start + dimensions), row * dimensions);
  }
  return out;
}

function emptyLike(elements: ElementArray, length: number): ElementArray {
  return new (elements.constructor as new (length: number) => ElementArray)(length);
}

/** The elements row after row, which lie column after column. @param size bytes an element */
function rowByRow({ elements, dimensions }: Rows, count: number, size: number): ElementArray {
  const words = size / elements.BYTES_PER_ELEMENT; // array elements a value
  const out = emptyLike(elements, elements.length);
  for (let column = 0; column < dimensions; column++) {
    for (let row = 0; row < count; row++) {
      const [from, to] = [(column * count + row) * words, (row * dimensions + column) * words];
      for (let word = 0; word < words; word++) out[to + word] = elements[from + word]!;
    }
  }
  return out;
}

function readTexts(bytes: Uint8Array, count: number, { width, wide, bigEndian }: TextArray): ByteValues {
  const offsets = new Int32Array(count + 1);
  // UTF-8 needs no more bytes than UTF-32.
  const out = new Uint8Array(bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = 0;
  for (let row = 0; row < count; row++) {
    const start = row * width;
    let stop = start + width;
    if (wide) {
      while (stop > start && view.getUint32(stop - 4) === 0) stop -= 4;
      for (let at = start; at < stop; at += 4) end = putCharacter(view.getUint32(at, !bigEndian), out, end);
    } else {
      while (stop > start && bytes[stop - 1] === 0) stop--;
      out.set(bytes.subarray(start, stop), end);
      end += stop - start;
    }
    offsets[row + 1] = end;
  }
  return { kind: 'bytes', length: count, validity: undefined, offsets, bytes: out.subarray(0, end) };
}

/** Writes a character as UTF-8; returns where it ends. */
function putCharacter(code: number, out: Uint8Array, at: number): number {
  if (code < 0x80) {
    out[at] = code;
    return at + 1;
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    throw new Damaged('its text holds what is no character');
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out[at] = ((0xff00 >> (more + 1)) & 0xff) | (code >> (6 * more));
  for (let i = 1; i <= more; i++) out[at + i] = 0x80 | ((code >> (6 * (more - i))) & 0x3f);
  return at + more + 1;
}
