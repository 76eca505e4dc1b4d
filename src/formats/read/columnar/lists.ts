import { isValid } from '../../../batch.ts';
import type { ListValues } from './values.ts';

/** The length of the lists [from, from + count) that are not NULL, where they are of one. */
export function commonLength(
  { offsets, validity }: ListValues,
  from: number,
  count: number,
): number | undefined {
  let common: number | undefined;
  for (let row = from; row < from + count; row++) {
    if (!isValid(validity, row)) continue;
    const length = offsets[row + 1]! - offsets[row]!;
    common ??= length;
    if (length !== common) return undefined;
  }
  return common;
}
