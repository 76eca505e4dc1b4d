import type { LeafData } from './leaf-reader.ts';

/** Where the slots of a node are among a leaf's levels. */
export interface Slots {
  data: LeafData;
  count: number;
  /** The level that the first slot begins with. */
  first: number;
  /** The level that each slot begins with; undefined: one after the other. */
  starts: Int32Array | undefined;
  /** The level behind the last slot's. */
  end: number;
}

/** Which slots hold a value; undefined where all do. */
export function validityOf({ data, count, first, starts }: Slots, present: number): Uint8Array | undefined {
  const { definition } = data;
  if (definition === undefined || present === 0 || data.values.count === data.levels) return undefined;
  const bits = new Uint8Array((count + 7) >> 3);
  let nulls = 0;
  for (let slot = 0; slot < count; slot++) {
    if (definition[starts === undefined ? first + slot : starts[slot]!]! < present) nulls++;
    else bits[slot >> 3]! |= 1 << (slot & 7);
  }
  return nulls === 0 ? undefined : bits;
}

/** How many values come before the first slot: those of rows that begin before it. */
export function valuesBefore({ data, first }: Slots, present: number): number {
  const { definition, levels, values } = data;
  if (definition === undefined || values.count === levels) return first;
  let count = 0;
  for (let i = 0; i < first; i++) if (definition[i] === present) count++;
  return count;
}
