import { grown, Offsets, Validity } from '../../growing.ts';
import type { ValueReader } from './value-reader.ts';

// pgvector's types. vector and halfvec: int16 dimensions, int16 0, the elements; sparsevec: int32 dimensions, int32
// elements, int32 0, int32 indices from 0, float4 values; all big-endian.
// https://github.com/pgvector/pgvector/blob/v0.8.0/src/vector.c (vector_send), halfvec.c, sparsevec.c

const headLength = 4;

/** Elements copied as they come, and put into this machine's order all at once, which is much the fastest. */
class Elements {
  readonly width: 2 | 4;
  private bytes = new Uint8Array(0);
  private used = 0;

  constructor(kind: 'vector' | 'halfvec') {
    this.width = kind === 'vector' ? 4 : 2;
  }

  /** How many there are. */
  get length(): number {
    return this.used / this.width;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const after = this.used + end - start;
    this.bytes = grown(this.bytes, after);
    this.bytes.set(bytes.subarray(start, end), this.used);
    this.used = after;
  }

  addZeros(count: number): void {
    const after = this.used + count * this.width;
    this.bytes = grown(this.bytes, after);
    this.bytes.fill(0, this.used, after);
    this.used = after;
  }

  take(): Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
    const { length, width } = this;
    const { buffer } = this.bytes;
    const used = Buffer.from(buffer, 0, this.used);
    this.used = 0;
    if (width === 4) {
      used.swap32();
      return new Float32Array(buffer, 0, length);
    }
    used.swap16();
    return new Uint16Array(buffer, 0, length);
  }
}

/** Of a column that is declared with its dimensions. */
export function denseValues(kind: 'vector' | 'halfvec', dimensions: number): ValueReader {
  const validity = new Validity();
  const elements = new Elements(kind);
  return {
    read: ({ bytes }, start, end) => {
      elements.add(bytes, start + headLength, end);
      validity.addValue();
    },
    readNull: () => {
      elements.addZeros(dimensions);
      validity.addNull();
    },
    take: () => {
      const shared = { dimensions, validity: validity.take() };
      const values = elements.take();
      return values instanceof Float32Array
        ? { kind: 'vector', values, ...shared }
        : { kind: 'halfvec', values, ...shared };
    },
  };
}

/** Of a column without dimensions. */
export function raggedValues(kind: 'vector' | 'halfvec'): ValueReader {
  const validity = new Validity();
  const offsets = new Offsets();
  const elements = new Elements(kind);
  return {
    read: ({ bytes }, start, end) => {
      elements.add(bytes, start + headLength, end);
      offsets.add(elements.length);
      validity.addValue();
    },
    readNull: () => {
      offsets.add(elements.length);
      validity.addNull();
    },
    take: () => ({
      kind: 'ragged-vector',
      offsets: offsets.take(),
      values: elements.take(),
      validity: validity.take(),
    }),
  };
}

export function sparseValues(): ValueReader {
  const validity = new Validity();
  const offsets = new Offsets();
  let dimensions = new Int32Array(0);
  let indices = new Int32Array(0);
  let values = new Float32Array(0);
  let length = 0;
  const addDimensions = (count: number): void => {
    dimensions = grown(dimensions, validity.rows + 1);
    dimensions[validity.rows] = count;
  };
  return {
    read: ({ view }, start) => {
      addDimensions(view.getInt32(start));
      const count = view.getInt32(start + 4);
      indices = grown(indices, length + count);
      values = grown(values, length + count);
      const firstIndex = start + 12;
      const firstValue = firstIndex + count * 4;
      for (let i = 0; i < count; i++) {
        indices[length + i] = view.getInt32(firstIndex + i * 4);
        values[length + i] = view.getFloat32(firstValue + i * 4);
      }
      length += count;
      offsets.add(length);
      validity.addValue();
    },
    readNull: () => {
      addDimensions(0);
      offsets.add(length);
      validity.addNull();
    },
    take: () => {
      const column = {
        kind: 'sparsevec' as const,
        dimensions,
        offsets: offsets.take(),
        indices: indices.subarray(0, length),
        values: values.subarray(0, length),
        validity: validity.take(),
      };
      length = 0;
      return column;
    },
  };
}
