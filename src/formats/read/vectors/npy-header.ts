import { DataError, type ErrorDetails } from '../../../errors.ts';
import { checkDimensions } from './choose-array.ts';
import { type ElementName, elementTypes } from './elements.ts';

/** What the header of an npy file says of the array behind it. */
export interface NpyHeader {
  /** Bytes before the array. */
  length: number;
  element: ElementName;
  bigEndian: boolean;
  /** Column by column (Fortran order). */
  columnMajor: boolean;
  rows: number;
  /** Elements a row; 1 where the array has one axis. */
  dimensions: number;
  /** The array has one axis. */
  scalar: boolean;
}

export const npyMagic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/** NumPy itself takes headers of 10,000 characters at most. */
const longestHeader = 65_536;

/** What the header says of any array. */
export interface NpyArray {
  /** Bytes before the array. */
  length: number;
  /** The elements' type as NumPy writes it: byte order, kind, size; undefined for fields of several types. */
  descr: string | undefined;
  fortranOrder: boolean;
  /** Elements along each axis. */
  shape: readonly number[];
}

/**
 * Reads the header of an array of vectors or numbers.
 * @param head the file's first bytes
 * @returns how many bytes are needed instead, where there are too few
 * @throws DataError for a file that is no npy, or holds what is no list of vectors or numbers
 */
export function readNpyHeader(head: Uint8Array, file: string): NpyHeader | number {
  const array = readNpyArray(head, file);
  return typeof array === 'number' ? array : vectorHeader(array, file);
}

/**
 * Reads the header (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): magic string, version,
 * the length of what follows (16 bits in version 1, 32 in 2 and 3), a Python dictionary.
 * @returns how many bytes are needed instead, where there are too few
 */
export function readNpyArray(head: Uint8Array, file: string): NpyArray | number {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (npyMagic.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw refused('the file does not begin as an npy file does', file, { code: 'not-npy' });
  }
  if (bytes.length < 12) return 12;
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw refused(`npy version ${major} is not known`, file, { code: 'not-npy' });
  const start = major === 1 ? 10 : 12;
  const length = start + (major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (length > longestHeader) throw damaged(file);
  if (bytes.length < length) return length;
  return readDictionary(bytes.toString('latin1', start, length), length, file);
}

const descrSyntax = /'descr'\s*:\s*(?:'([^']*)'|[[(])/;
const orderSyntax = /'fortran_order'\s*:\s*(True|False)\b/;
const shapeSyntax = /'shape'\s*:\s*\(([\d\s,L]*)\)/;

function readDictionary(text: string, length: number, file: string): NpyArray {
  const [descr, order, shape] = [descrSyntax.exec(text), orderSyntax.exec(text), shapeSyntax.exec(text)];
  if (descr === null || order === null || shape === null) throw damaged(file);
  const axes = shape[1]!
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [Number.parseInt(part, 10)]));
  return { length, descr: descr[1], fortranOrder: order[1] === 'True', shape: axes };
}

/** @throws DataError where the array is no list of vectors or numbers */
export function vectorHeader({ length, descr, fortranOrder, shape }: NpyArray, file: string): NpyHeader {
  if (shape.length < 1 || shape.length > 2) {
    throw refused(`the array has ${shape.length} axes, not one or two`, file, {
      code: 'bad-shape',
      hint: 'save it as rows × dimensions: np.save(file, array.reshape(len(array), -1))',
    });
  }
  const [rows, dimensions = 1] = shape as [number, number?];
  checkDimensions(dimensions, file);
  const type = elementType(descr);
  if (type === undefined) {
    throw refused(`the array holds ${descr === undefined ? 'records' : `elements of type ${descr}`}`, file, {
      code: 'bad-element-type',
      hint: "save it as floats: np.save(file, array.astype('float32'))",
    });
  }
  // Of a single row or column, both orders are the same.
  const columnMajor = fortranOrder && rows > 1 && dimensions > 1;
  return { length, ...type, columnMajor, rows, dimensions, scalar: shape.length === 1 };
}

/** Undefined where the elements are no plain numbers. */
export function elementType(descr: string | undefined): Pick<NpyHeader, 'element' | 'bigEndian'> | undefined {
  const match = /^([<>|=]?)(\w+)$/.exec(descr ?? '');
  const name = match?.[2] === '?' ? 'b1' : match?.[2];
  if (match === null || name === undefined || !Object.hasOwn(elementTypes, name)) return undefined;
  return { element: name as ElementName, bigEndian: match[1] === '>' };
}

function damaged(file: string): DataError {
  return refused('the header of the npy file is damaged', file, { code: 'not-npy' });
}

function refused(message: string, file: string, details: ErrorDetails): DataError {
  return new DataError(message, { ...details, file });
}
