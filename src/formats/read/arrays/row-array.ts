import { DataError } from '../../../errors.ts';
import { elementType, type NpyArray, vectorHeader } from '../vectors/npy-header.ts';
import type { RowArray } from './rows-of-arrays.ts';

/** Bytes of a row's text, all of which are read at once. */
const widest = 2 ** 26;

const textSyntax = /^([<>|=]?)([SU])(\d+)$/;

/** Whether an array can stand beside others: a number or a text a row. */
export function isReadable({ descr }: NpyArray): boolean {
  return elementType(descr) !== undefined || textSyntax.test(descr ?? '');
}

/**
 * How an array's rows are read.
 * @param name of the array, as messages call it
 * @throws DataError for one that has no such rows
 */
export function rowArray(name: string, header: NpyArray, format: string, file: string): RowArray {
  const text = textSyntax.exec(header.descr ?? '');
  if (text !== null) {
    const wide = text[2] === 'U';
    const width = Number(text[3]) * (wide ? 4 : 1);
    if (width > widest) {
      throw new DataError(`array ${name} has ${width} bytes a row`, {
        code: 'row-too-long',
        sqlstate: '22P04',
        file,
      });
    }
    return { kind: 'text', width, wide, bigEndian: text[1] === '>' };
  }
  const { element, bigEndian, dimensions, columnMajor, scalar } = vectorHeader(header, file);
  const shape = { element, bigEndian, dimensions, columnMajor, scalar };
  return { kind: 'numbers', layout: { format, file, prefix: 0, ...shape } };
}
