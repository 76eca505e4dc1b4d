import type { FileLayout } from '../format.ts';
import type { ColumnArray } from './column-array.ts';

/** Where the array of an npy file begins is a multiple of this, so that it can be mapped into memory. */
const alignment = 64;

/**
 * What stands before the array in an npy file, as np.save writes it: magic string, version 1.0, the length of what
 * follows (16 bits), a Python dictionary, filled up with spaces.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @param descr the elements' type as NumPy writes it, `<f4`
 * @param shape elements along each axis; the array is in C order
 */
export function npyHead(descr: string, shape: readonly number[]): Buffer<ArrayBuffer> {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${axes}), }`;
  const head = Buffer.alloc(Math.ceil((11 + dictionary.length) / alignment) * alignment, ' ');
  head.write('\x93NUMPY\x01\0', 'latin1');
  head.writeUInt16LE(head.length - 10, 8);
  head.write(dictionary, 10, 'latin1');
  head.write('\n', head.length - 1);
  return head;
}

/** An npy file of one array. @param stream of the array's rows */
export function npyFile(
  ending: string | undefined,
  stream: number,
  { descr, dimensions }: ColumnArray,
): FileLayout {
  return {
    ending,
    streams: [stream],
    assembler: (_, rows) => ({
      head: () => npyHead(descr, dimensions === undefined ? [rows!] : [rows!, dimensions]),
      add: () => {},
      end: () => [],
    }),
  };
}
