import { isValid } from '../../../batch.ts';
import type { FieldValues } from '../columnar/values.ts';
import { elementTypes } from '../vectors/elements.ts';
import type { LeafBuffer } from './leaf-buffer.ts';
import type { LeafNode } from './nodes.ts';
import { type Slots, validityOf, valuesBefore } from './slots.ts';

/** A leaf's values in their slots; a slot that is NULL has zeros. */
export function leafValues(node: LeafNode, slots: Slots): FieldValues {
  const { values } = slots.data;
  const validity = validityOf(slots, node.present);
  const before = valuesBefore(slots, node.present);
  const { count: length } = slots;
  if (values.width === undefined) {
    const { bytes } = values;
    return {
      kind: 'bytes',
      length,
      offsets: spreadOffsets(values, before, length, validity),
      bytes,
      validity,
    };
  }
  const bytes = spreadFixed(values, values.width, before, length, validity);
  return { ...viewed(node, bytes, length), validity };
}

function viewed({ storage }: LeafNode, bytes: Uint8Array<ArrayBuffer>, length: number): FieldValues {
  const numbers = (
    name: keyof typeof elementTypes,
    { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
  ) =>
    ({
      kind: 'numbers',
      length,
      validity: undefined,
      elements: elementTypes[name].view(buffer, byteOffset, byteLength),
    }) as const;
  if (storage.kind !== 'fixed') return numbers('b1', bytes);
  if (storage.view === 'bytes')
    return { kind: 'fixed', length, width: storage.width, bytes, validity: undefined };
  return storage.view === 'int96' ? numbers('i8', fromInt96(bytes, length)) : numbers(storage.view, bytes);
}

function spreadOffsets(
  { offsets }: LeafBuffer,
  before: number,
  length: number,
  validity: Uint8Array | undefined,
): Int32Array {
  if (validity === undefined) return offsets.subarray(before, before + length + 1);
  const out = new Int32Array(length + 1);
  out[0] = offsets[before]!;
  for (let slot = 0, value = before; slot < length; slot++) {
    out[slot + 1] = isValid(validity, slot) ? offsets[++value]! : out[slot]!;
  }
  return out;
}

function spreadFixed(
  { bytes }: LeafBuffer,
  width: number,
  before: number,
  length: number,
  validity: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  if (validity === undefined) return bytes.subarray(before * width, (before + length) * width);
  const out = new Uint8Array(length * width);
  for (let slot = 0, from = before * width; slot < length; slot++) {
    if (!isValid(validity, slot)) continue;
    for (let i = 0; i < width; i++) out[slot * width + i] = bytes[from++]!;
  }
  return out;
}

/** Days from Julian day 0 to 1970-01-01. */
const julianDayOf1970 = 2_440_588n;

/** INT96 timestamps, int64 nanoseconds of the day and int32 Julian day, as microseconds since 1970. */
function fromInt96(bytes: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const day = BigInt(view.getInt32(i * 12 + 8, true)) - julianDayOf1970;
    out[i] = day * 86_400_000_000n + view.getBigInt64(i * 12, true) / 1000n;
  }
  return new Uint8Array(out.buffer);
}
