import type { Layout } from '../../../formats/read/format.ts';
import type { ElementName } from '../../../formats/read/vectors/elements.ts';
import type { VectorLayout } from '../../../formats/read/vectors/layout.ts';

/** What of a layout says something to people; what is as usual is left out. */
export function layoutDetails(layout: Layout): Record<string, unknown> {
  const details = isOfVectors(layout) ? arrayDetails(layout) : plainDetails(layout);
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined && value !== false),
  );
}

function isOfVectors(layout: Layout): layout is VectorLayout {
  return 'element' in layout && 'columnMajor' in layout;
}

function arrayDetails({ element, dimensions, scalar, bigEndian, columnMajor }: VectorLayout) {
  return {
    elements: elementNames[element],
    dimensions: scalar ? undefined : dimensions,
    byteOrder: bigEndian ? 'big endian' : undefined,
    order: columnMajor ? 'Fortran' : undefined,
  };
}

const elementNames: Record<ElementName, string> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/** Words, numbers, and of a dialect its characters. */
function plainDetails({ format: _format, file: _file, ...rest }: Layout): Record<string, unknown> {
  const { dialect, ...details } = rest as Record<string, unknown>;
  const entries = Object.entries(details).filter(([, value]) => typeof value !== 'object');
  return { ...Object.fromEntries(entries), ...(isObject(dialect) && characters(dialect)) };
}

/** A dialect keeps its characters as bytes. */
function characters(dialect: object): Record<string, unknown> {
  const entries = Object.entries(dialect).map(([name, value]): [string, unknown] => {
    if (value instanceof Uint8Array) return [name, Buffer.from(value).toString()];
    return [name, typeof value === 'number' ? String.fromCharCode(value) : value];
  });
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
