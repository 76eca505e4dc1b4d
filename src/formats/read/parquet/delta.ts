import { Damaged } from '../columnar/values.ts';
import { unpackBits, wideBits } from './bits.ts';

/**
 * Reads DELTA_BINARY_PACKED numbers (Parquet's Encodings.md) from bytes[at, end) until `out` is full, wrapping round
 * at its width as the format has it.
 * @returns where they end
 * @throws Damaged
 */
export function readDelta(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Int32Array | BigInt64Array,
): number {
  const reader = new VarintReader(bytes, at, end);
  const blockLength = Number(reader.unsigned());
  const miniblocks = Number(reader.unsigned());
  const total = Number(reader.unsigned());
  const first = reader.signed();
  const perMiniblock = blockLength / miniblocks;
  if (total < out.length || !(perMiniblock >= 8 && perMiniblock <= 2 ** 24 && perMiniblock % 8 === 0)) {
    throw new Damaged('its delta-encoded values do not begin as they should');
  }
  if (out.length === 0) return reader.at;
  put(out, 0, first);
  const deltas = new Int32Array(perMiniblock);
  for (let filled = 1; filled < total; ) {
    const least = reader.signed();
    const widths = reader.take(miniblocks);
    for (let i = 0; i < miniblocks && filled < total; i++) {
      const width = bytes[widths + i]!;
      const count = Math.min(perMiniblock, total - filled);
      const packed = reader.take(Math.ceil((count * width) / 8), (perMiniblock * width) / 8);
      const wanted = Math.min(count, out.length - filled);
      if (width > 64) throw new Damaged(`its deltas have ${width} bits`);
      if (out instanceof Int32Array && width <= 32) {
        unpackBits(bytes, packed, width, deltas, 0, Math.max(0, wanted));
        addNarrow(out, filled, deltas, Number(BigInt.asIntN(32, least)), wanted);
      } else addWide(out, filled, least, wanted, (k) => wideBits(bytes, packed, width, k));
      filled += count;
    }
  }
  return reader.at;
}

function addNarrow(out: Int32Array, filled: number, deltas: Int32Array, least: number, count: number): void {
  let value = out[filled - 1]!;
  for (let k = 0; k < count; k++) {
    value = (value + least + deltas[k]!) | 0;
    out[filled + k] = value;
  }
}

function addWide(
  out: Int32Array | BigInt64Array,
  filled: number,
  least: bigint,
  count: number,
  delta: (k: number) => bigint,
): void {
  let value = BigInt(out[filled - 1]!);
  for (let k = 0; k < count; k++) {
    value += least + delta(k);
    put(out, filled + k, value);
  }
}

function put(out: Int32Array | BigInt64Array, at: number, value: bigint): void {
  if (out instanceof Int32Array) out[at] = Number(BigInt.asIntN(32, value));
  else out[at] = value;
}

class VarintReader {
  at: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  unsigned(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.take(1)]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Damaged('a delta-encoded value has more than 64 bits');
  }

  signed(): bigint {
    const value = this.unsigned();
    return (value >> 1n) ^ -(value & 1n);
  }

  /** Passes over `length` bytes, as far as they are there, of which `needed` must be. @returns where they begin */
  take(needed: number, length = needed): number {
    if (this.at + needed > this.end) throw new Damaged('its delta-encoded values are cut short');
    const start = this.at;
    this.at = Math.min(this.end, start + length);
    return start;
  }
}
