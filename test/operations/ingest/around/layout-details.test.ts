import { expect, test } from 'vitest';
import type { VectorLayout } from '../../../../src/formats/read/vectors/layout.ts';
import { layoutDetails } from '../../../../src/operations/ingest/around/layout-details.ts';

const array: VectorLayout = {
  format: 'npy',
  file: 'a.npy',
  element: 'f8',
  bigEndian: false,
  dimensions: 6,
  prefix: 0,
  columnMajor: false,
  scalar: false,
};

test('arrays are told in the words of those who make them, and nothing of what is as usual', () => {
  expect(layoutDetails(array)).toEqual({ elements: 'float64', dimensions: 6 });
  expect(layoutDetails({ ...array, columnMajor: true, bigEndian: true })).toEqual({
    elements: 'float64',
    dimensions: 6,
    byteOrder: 'big endian',
    order: 'Fortran',
  });
  expect(layoutDetails({ ...array, scalar: true, dimensions: 1 })).toEqual({ elements: 'float64' });
});

test('what is no is not told, a dialect is told in characters', () => {
  const dialect = { delimiter: 0x3b, nullText: new Uint8Array() };
  const layout = { format: 'csv', file: 'a.csv', others: false, header: true, dialect };
  expect(layoutDetails(layout)).toEqual({ header: true, delimiter: ';', nullText: '' });
});
