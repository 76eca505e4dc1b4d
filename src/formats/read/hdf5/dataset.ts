import type { NamedArray } from '../vectors/choose-array.ts';
import type { ElementName } from '../vectors/elements.ts';
import { Cursor, damaged } from './bytes.ts';
import { type Filter, readFilters } from './filters.ts';
import type { FoundObject } from './groups.ts';
import { type DataLayout, readLayout } from './layout.ts';
import { type Message, messageTypes } from './object-header.ts';
import type { Superblock } from './superblock.ts';

/** An array in the file. */
export interface Dataset extends NamedArray {
  /** Undefined where they are no plain numbers. */
  element: Element | undefined;
  messages: readonly Message[];
}

export interface Element {
  element: ElementName;
  bigEndian: boolean;
}

/** @returns undefined for an object that is no array: a named type */
export function readDataset(
  { path, messages }: FoundObject,
  superblock: Superblock,
  file: string,
): Dataset | undefined {
  const bytesOf = (type: number) => {
    const message = messages.find((each) => each.type === type);
    return message === undefined || message.shared ? undefined : new Cursor(message.bytes, file);
  };
  if (!messages.some(({ type }) => type === messageTypes.layout)) return undefined;
  const [space, type] = [bytesOf(messageTypes.dataspace), bytesOf(messageTypes.datatype)];
  if (space === undefined) throw damaged(file);
  const element = type && readType(type);
  const unreadable = element === undefined ? 'elements that are no plain numbers' : undefined;
  return { name: path, shape: readShape(space, superblock, file), element, unreadable, messages };
}

/** Where and how its bytes lie. */
export function readStorage(
  { messages }: Dataset,
  superblock: Superblock,
  file: string,
): { layout: DataLayout; filters: Filter[] } {
  const of = (type: number) => messages.find((each) => each.type === type);
  const filters = of(messageTypes.filters);
  const elsewhere = of(messageTypes.externalFiles) !== undefined;
  return {
    layout: readLayout(new Cursor(of(messageTypes.layout)!.bytes, file), superblock, file, elsewhere),
    filters: filters === undefined ? [] : readFilters(new Cursor(filters.bytes, file), file),
  };
}

/** IV.A.2.b */
function readShape(space: Cursor, { lengths }: Superblock, file: string): number[] {
  const version = space.uint(1);
  if (version !== 1 && version !== 2) throw damaged(file);
  const rank = space.uint(1);
  space.skip(version === 1 ? 6 : 2);
  return Array.from({ length: rank }, () => space.uint(lengths));
}

/** Classes of types: IV.A.2.d. */
const [integer, float, enumeration] = [0, 1, 8];

function readType(type: Cursor): Element | undefined {
  const first = type.uint(1);
  const [flags] = type.take(3) as unknown as [number];
  const size = type.uint(4);
  const bigEndian = (flags & 1) !== 0;
  switch (first & 0x0f) {
    case integer: {
      const [offset, precision] = [type.uint(2), type.uint(2)];
      if (![1, 2, 4, 8].includes(size) || offset !== 0 || precision !== size * 8) return undefined;
      return { element: `${(flags & 8) !== 0 ? 'i' : 'u'}${size}` as ElementName, bigEndian };
    }
    case float: {
      const exponentBits = type.skip(5).uint(1);
      const ieee = { 2: 5, 4: 8, 8: 11 }[size];
      // Bit 6: VAX's order of bytes.
      if (exponentBits !== ieee || (flags & 0x40) !== 0) return undefined;
      return { element: `f${size}` as ElementName, bigEndian };
    }
    case enumeration:
      // How h5py writes booleans: FALSE and TRUE.
      return size === 1 && type.take(type.left).includes('FALSE\0')
        ? { element: 'b1', bigEndian: false }
        : undefined;
    default:
      return undefined;
  }
}
