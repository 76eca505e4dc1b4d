import type { Layout } from '../format.ts';
import { type ElementName, elementTypes } from './elements.ts';

/** Rows of one length, each the elements of a vector: what a decoder must know of them. */
export interface VectorLayout extends Layout {
  element: ElementName;
  bigEndian: boolean;
  /** Elements a row. */
  dimensions: number;
  /** Bytes in front of a row's elements: the int32 that says how many there are, in fvecs and its like. */
  prefix: 0 | 4;
  /** A piece holds its rows column by column. */
  columnMajor: boolean;
  /** Rows do not lie in the source as they come: it has them compressed, or in chunks. */
  displaced?: boolean;
  /** A row is one number, and no list of one. */
  scalar: boolean;
}

/** Bytes a row. */
export function recordLength({ prefix, dimensions, element }: VectorLayout): number {
  return prefix + dimensions * elementTypes[element].size;
}

/** The name of the only field, which the file does not give. */
export function fieldName({ scalar }: VectorLayout): string {
  return scalar ? 'value' : 'embedding';
}
