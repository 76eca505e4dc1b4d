import type { ElementArray } from '../vectors/elements.ts';

/** One field's values for a run of rows, laid out as Arrow lays them, whichever format they come from. */
export type FieldValues = NumberValues | ByteValues | FixedValues | ListValues | StructValues;

interface Slots {
  length: number;
  /** Bit `i` (least significant first) is 1 where there is a value; undefined: no slot is NULL. */
  validity: Uint8Array | undefined;
}

/** Numbers, and what is stored as numbers: booleans, dates, times. Their type is the field's own (field-type.ts). */
export interface NumberValues extends Slots {
  kind: 'numbers';
  /** 64-bit integers as two halves, as in elements.ts. */
  elements: ElementArray;
}

/** Slot i is bytes[offsets[i], offsets[i + 1]). */
export interface ByteValues extends Slots {
  kind: 'bytes';
  offsets: Int32Array;
  bytes: Uint8Array;
}

/** Slot i is the `width` bytes from i × width on. */
export interface FixedValues extends Slots {
  kind: 'fixed';
  width: number;
  bytes: Uint8Array;
}

/** Slot i has the elements [offsets[i], offsets[i + 1]). */
export interface ListValues extends Slots {
  kind: 'list';
  offsets: Int32Array;
  elements: FieldValues;
}

/** Each field has as many slots as the structs; a map is a list of structs of key and value. */
export interface StructValues extends Slots {
  kind: 'struct';
  fields: readonly FieldValues[];
}

/** The file's bytes do not hold together; the decoder says in which file and where. */
export class Damaged extends Error {}
