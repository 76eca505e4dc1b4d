import { Damaged } from '../columnar/values.ts';
import { unpackBits } from './bits.ts';
import { readDelta } from './delta.ts';
import type { LeafBuffer } from './leaf-buffer.ts';
import { readHybrid } from './levels.ts';

/** Encoding of parquet.thrift. */
export const encodings = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  bitPacked: 4,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

const cutShort = 'the values of a page are cut short';

/**
 * Adds the `count` values that bytes[at, …) hold (Parquet's Encodings.md) to `out`.
 * @throws Damaged where there are fewer, or the encoding is none for such values
 */
export function decodeValues(
  encoding: number,
  bytes: Uint8Array,
  at: number,
  count: number,
  dictionary: LeafBuffer | undefined,
  out: LeafBuffer,
): void {
  const decode = decoderOf(encoding, out);
  if (decode === undefined) {
    throw new Damaged(`a page has values in encoding ${encoding}, which is none for them`);
  }
  decode(bytes, at, count, out, dictionary);
}

type Decode = (
  bytes: Uint8Array,
  at: number,
  count: number,
  out: LeafBuffer,
  dictionary: LeafBuffer | undefined,
) => void;

function decoderOf(encoding: number, { storage, width }: LeafBuffer): Decode | undefined {
  const { kind } = storage;
  switch (encoding) {
    case encodings.plain:
      return { bits: plainBits, fixed: plainFixed, bytes: plainBytes }[kind];
    case encodings.plainDictionary:
    case encodings.rleDictionary:
      return fromDictionary;
    case encodings.rle:
      return kind === 'bits' ? runs : undefined;
    case encodings.deltaBinaryPacked:
      return kind === 'fixed' && (width === 4 || width === 8) ? deltas : undefined;
    case encodings.deltaLengthByteArray:
      return kind === 'bytes' ? deltaLengths : undefined;
    case encodings.deltaByteArray:
      return kind === 'bits' ? undefined : deltaPrefixes;
    case encodings.byteStreamSplit:
      return kind === 'fixed' ? streams : undefined;
    default:
      return undefined;
  }
}

function plainBits(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  if (at + Math.ceil(count / 8) > bytes.length) throw new Damaged(cutShort);
  const from = out.reserve(count);
  unpackBits(bytes, at, 1, out.bytes, from, count);
}

/** Behind the uint32 of their length. */
function runs(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const from = out.reserve(count);
  readHybrid(bytes, at + 4, bytes.length, 1, out.bytes, from, count);
}

function plainFixed(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const length = count * out.width!;
  if (at + length > bytes.length) throw new Damaged(cutShort);
  const from = out.reserve(count);
  out.bytes.set(bytes.subarray(at, at + length), from);
}

/** Each value with its length as uint32 in front. */
function plainBytes(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  // The lengths are more room than is needed.
  let to = out.reserveBytes(count, bytes.length - at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(at, true);
    at += 4;
    if (at + length > bytes.length) throw new Damaged(cutShort);
    to = copy(bytes, at, length, out.bytes, to);
    out.endValue(to);
    at += length;
  }
}

/** Short values by a loop, which beats the call. */
function copy(bytes: Uint8Array, at: number, length: number, out: Uint8Array, to: number): number {
  if (length > 32) out.set(bytes.subarray(at, at + length), to);
  else for (let i = 0; i < length; i++) out[to + i] = bytes[at + i]!;
  return to + length;
}

function fromDictionary(
  bytes: Uint8Array,
  at: number,
  count: number,
  out: LeafBuffer,
  dictionary: LeafBuffer | undefined,
): void {
  const indices = new Int32Array(count);
  if (count > 0) {
    const width = bytes[at]!;
    if (!(width <= 32)) throw new Damaged('a page lacks its indices');
    readHybrid(bytes, at + 1, bytes.length, width, indices, 0, count);
  }
  const size = dictionary?.count ?? 0;
  for (let i = 0; i < count; i++) {
    if (indices[i]! < 0 || indices[i]! >= size) {
      throw new Damaged(`a page refers to value ${indices[i]} of a dictionary of ${size}`);
    }
  }
  if (dictionary === undefined) return;
  if (out.width === undefined) gatherBytes(indices, dictionary, out);
  else gatherFixed(indices, dictionary, out.width, out);
}

function gatherBytes(indices: Int32Array, { bytes, offsets }: LeafBuffer, out: LeafBuffer): void {
  let length = 0;
  for (const index of indices) length += offsets[index + 1]! - offsets[index]!;
  let to = out.reserveBytes(indices.length, length);
  for (const index of indices) {
    const start = offsets[index]!;
    to = copy(bytes, start, offsets[index + 1]! - start, out.bytes, to);
    out.endValue(to);
  }
}

function gatherFixed(indices: Int32Array, dictionary: LeafBuffer, width: number, out: LeafBuffer): void {
  const from = out.reserve(indices.length);
  const Words = width % 4 === 0 ? Uint32Array : Uint8Array;
  const size = width / Words.BYTES_PER_ELEMENT;
  const source = new Words(dictionary.bytes.buffer);
  const target = new Words(out.bytes.buffer);
  let to = from / Words.BYTES_PER_ELEMENT;
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * size;
    for (let k = 0; k < size; k++) target[to++] = source[start + k]!;
  }
}

function deltas(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const from = out.reserve(count);
  const { buffer } = out.bytes;
  const values =
    out.width === 4 ? new Int32Array(buffer, from, count) : new BigInt64Array(buffer, from, count);
  readDelta(bytes, at, bytes.length, values);
}

function deltaLengths(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const lengths = new Int32Array(count);
  let start = readDelta(bytes, at, bytes.length, lengths);
  let to = out.reserveBytes(count, bytes.length - start);
  for (const length of lengths) {
    if (length < 0 || start + length > bytes.length) throw new Damaged(cutShort);
    to = copy(bytes, start, length, out.bytes, to);
    out.endValue(to);
    start += length;
  }
}

/** Each value by how many bytes of the one before it begins with, and the rest. */
function deltaPrefixes(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const [prefixes, suffixes] = [new Int32Array(count), new Int32Array(count)];
  let start = readDelta(bytes, readDelta(bytes, at, bytes.length, prefixes), bytes.length, suffixes);
  let [total, before] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [prefix, suffix] = [prefixes[i]!, suffixes[i]!];
    if (prefix < 0 || suffix < 0 || prefix > before) throw new Damaged(cutShort);
    before = prefix + suffix;
    if (out.width !== undefined && before !== out.width) throw new Damaged(cutShort);
    total += before;
  }
  let to = out.width === undefined ? out.reserveBytes(count, total) : out.reserve(count);
  let previous = to;
  for (let i = 0; i < count; i++) {
    if (start + suffixes[i]! > bytes.length) throw new Damaged(cutShort);
    const begin = to;
    to = copy(out.bytes, previous, prefixes[i]!, out.bytes, to);
    to = copy(bytes, start, suffixes[i]!, out.bytes, to);
    start += suffixes[i]!;
    if (out.width === undefined) out.endValue(to);
    previous = begin;
  }
}

/** All first bytes, all second bytes, … */
function streams(bytes: Uint8Array, at: number, count: number, out: LeafBuffer): void {
  const width = out.width!;
  if (at + count * width > bytes.length) throw new Damaged(cutShort);
  const from = out.reserve(count);
  for (let k = 0; k < width; k++) {
    for (let i = 0, source = at + k * count; i < count; i++)
      out.bytes[from + i * width + k] = bytes[source++]!;
  }
}
