import { copyBytes } from '../../copy-bytes.ts';
import { grown, Offsets, Validity } from '../../growing.ts';
import type { ValueReader } from './value-reader.ts';

/** Text, and values passed through unread; of jsonb, the document behind the byte of its version. */
export function bytesValues(kind: 'utf8' | 'json' | 'raw'): ValueReader {
  const validity = new Validity();
  const offsets = new Offsets();
  const skipped = kind === 'json' ? 1 : 0;
  let bytes = new Uint8Array(0);
  let length = 0;
  return {
    read: (wire, start, end) => {
      start += skipped;
      bytes = grown(bytes, length + end - start);
      length = copyBytes(wire.bytes, start, end, bytes, length);
      offsets.add(length);
      validity.addValue();
    },
    readNull: () => {
      offsets.add(length);
      validity.addNull();
    },
    take: () => {
      const column = {
        kind,
        offsets: offsets.take(),
        bytes: bytes.subarray(0, length),
        validity: validity.take(),
      };
      length = 0;
      return column;
    },
  };
}

/** bit and bit varying: int32 bits, then the bytes. */
export function bitsValues(): ValueReader {
  const validity = new Validity();
  const offsets = new Offsets();
  let lengths = new Int32Array(0);
  let bytes = new Uint8Array(0);
  let length = 0;
  const addLength = (bits: number): void => {
    lengths = grown(lengths, validity.rows + 1);
    lengths[validity.rows] = bits;
  };
  return {
    read: (wire, start, end) => {
      const after = length + end - start - 4;
      bytes = grown(bytes, after);
      bytes.set(wire.bytes.subarray(start + 4, end), length);
      length = after;
      addLength(wire.view.getInt32(start));
      offsets.add(after);
      validity.addValue();
    },
    readNull: () => {
      addLength(0);
      offsets.add(length);
      validity.addNull();
    },
    take: () => {
      const column = {
        kind: 'bits' as const,
        lengths,
        offsets: offsets.take(),
        bytes: bytes.subarray(0, length),
        validity: validity.take(),
      };
      length = 0;
      return column;
    },
  };
}
