import { isValid } from '../../../batch.ts';

/** How many of the first `count` slots hold nothing. */
export function countNulls(validity: Uint8Array | undefined, count: number): number {
  if (validity === undefined) return 0;
  let nulls = 0;
  for (let i = 0; i < count; i++) if (!isValid(validity, i)) nulls++;
  return nulls;
}

/**
 * Packs flags, a byte each, into bits, the lowest first.
 * @param out may be where the flags are, from no later than they are on
 * @returns where the bits end in it
 */
export function packFlags(flags: Uint8Array, out: Uint8Array, at: number): number {
  const { length } = flags;
  for (let from = 0; from < length; from += 8) {
    let bits = 0;
    for (let i = 0; i < 8 && from + i < length; i++) if (flags[from + i] !== 0) bits |= 1 << i;
    out[at++] = bits;
  }
  return at;
}
