import { isValid } from '../../../batch.ts';
import { Damaged, type FieldValues } from '../columnar/values.ts';
import type { ElementArray, ElementType } from '../vectors/elements.ts';

/** The dictionary's values that the indices name, one behind the other. @param validity of the indices */
export function take(
  dictionary: FieldValues,
  indices: ElementArray,
  indexType: ElementType,
  length: number,
  validity: Uint8Array | undefined,
): FieldValues {
  const at = new Int32Array(length);
  const valid = new Uint8Array((length + 7) >> 3);
  let nulls = 0;
  for (let i = 0; i < length; i++) {
    if (!isValid(validity, i)) {
      nulls++;
      continue;
    }
    at[i] = indexType.number(indices, i);
    if (!(at[i]! >= 0 && at[i]! < dictionary.length)) {
      throw new Damaged(`a value refers to entry ${at[i]} of a dictionary of ${dictionary.length}`);
    }
    if (isValid(dictionary.validity, at[i]!)) valid[i >> 3]! |= 1 << (i & 7);
    else nulls++;
  }
  const slots = { length, validity: nulls === 0 ? undefined : valid };
  switch (dictionary.kind) {
    case 'bytes':
      return { ...slots, kind: 'bytes', ...takeBytes(dictionary.bytes, dictionary.offsets, at) };
    case 'fixed': {
      const { width, bytes } = dictionary;
      return {
        ...slots,
        kind: 'fixed',
        width,
        bytes: takeRuns(bytes, at, width, new Uint8Array(length * width)),
      };
    }
    case 'numbers': {
      const { elements } = dictionary;
      // Of an empty dictionary, which NULLs alone refer to, room for whatever its numbers are.
      const steps = dictionary.length === 0 ? 2 : elements.length / dictionary.length;
      const Elements = elements.constructor as new (length: number) => ElementArray;
      return {
        ...slots,
        kind: 'numbers',
        elements: takeRuns(elements, at, steps, new Elements(length * steps)),
      };
    }
    default:
      throw new Damaged('a dictionary has lists or structs, which are not read');
  }
}

function takeRuns<A extends ElementArray>(source: A, at: Int32Array, width: number, out: A): A {
  for (let i = 0; i < at.length; i++) {
    for (let k = 0; k < width; k++) out[i * width + k] = source[at[i]! * width + k]!;
  }
  return out;
}

function takeBytes(
  source: Uint8Array,
  from: Int32Array,
  at: Int32Array,
): { offsets: Int32Array; bytes: Uint8Array } {
  const offsets = new Int32Array(at.length + 1);
  let total = 0;
  if (from.length < 2) return { offsets, bytes: new Uint8Array(0) };
  for (let i = 0; i < at.length; i++) {
    total += from[at[i]! + 1]! - from[at[i]!]!;
    if (total > 2 ** 31 - 1) throw new Damaged('a column takes more than 2 GB in one batch');
    offsets[i + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let i = 0; i < at.length; i++) bytes.set(source.subarray(from[at[i]!], from[at[i]! + 1]), offsets[i]!);
  return { offsets, bytes };
}

/** A dictionary and what a further message adds to it. */
export function joined(before: FieldValues, more: FieldValues): FieldValues {
  if (before.kind !== 'bytes' || more.kind !== 'bytes' || before.validity || more.validity) {
    throw new Damaged('a dictionary that is no text grows, which is not read');
  }
  const { bytes, offsets } = before;
  const start = offsets[before.length]!;
  const shift = start - more.offsets[0]!;
  return {
    kind: 'bytes',
    length: before.length + more.length,
    validity: undefined,
    bytes: Buffer.concat([bytes.subarray(0, start), more.bytes.subarray(more.offsets[0])]),
    offsets: Int32Array.from({ length: before.length + more.length + 1 }, (_, i) =>
      i <= before.length ? offsets[i]! : more.offsets[i - before.length]! + shift,
    ),
  };
}
