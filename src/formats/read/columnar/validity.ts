import { isValid } from '../../../batch.ts';

/** The bitmap of slots [from, from + count) by itself; undefined where all hold a value. */
export function validityOf(
  validity: Uint8Array | undefined,
  from: number,
  count: number,
): Uint8Array | undefined {
  if (validity === undefined) return undefined;
  const bits = new Uint8Array((count + 7) >> 3);
  let nulls = 0;
  for (let i = 0; i < count; i++) {
    if (isValid(validity, from + i)) bits[i >> 3]! |= 1 << (i & 7);
    else nulls++;
  }
  return nulls === 0 ? undefined : bits;
}
