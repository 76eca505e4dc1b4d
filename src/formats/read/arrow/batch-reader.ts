import { type Compression, Decompressor } from '../columnar/compression.ts';
import { Damaged, type FieldValues } from '../columnar/values.ts';
import { elementTypes } from '../vectors/elements.ts';
import { copyViews, narrowOffsets, unpackedBits } from './buffers.ts';
import { take } from './dictionaries.ts';
import type { BatchHeader } from './message.ts';
import type { ArrowField } from './schema.ts';

/** The values of dictionaries, by their numbers. */
export type Dictionaries = ReadonlyMap<number, FieldValues>;

type Values = () => FieldValues;

/**
 * Gives every field of a batch its nodes and buffers, in order; what a field's hold is looked at when it is asked for.
 * @param body where it lies must be a multiple of 8
 * @throws Damaged
 */
export function readBatch(
  fields: readonly ArrowField[],
  header: BatchHeader,
  body: Uint8Array,
  dictionaries: Dictionaries,
): Values[] {
  const reader = new BatchReader(header, body, dictionaries);
  return fields.map((field) => reader.field(field));
}

class BatchReader {
  private readonly header: BatchHeader;
  private readonly body: Uint8Array;
  private readonly dictionaries: Dictionaries;
  private readonly decompressor = new Decompressor();
  private nodes = 0;
  private buffers = 0;
  private views = 0;

  constructor(header: BatchHeader, body: Uint8Array, dictionaries: Dictionaries) {
    this.header = header;
    this.body = body;
    this.dictionaries = dictionaries;
  }

  field(field: ArrowField): Values {
    const { nodes } = this.header;
    const [length, nulls] = [nodes[2 * this.nodes], nodes[2 * this.nodes + 1]];
    this.nodes++;
    if (length === undefined || length > 2 ** 31 - 2) throw new Damaged('a batch lacks a column');
    const { storage } = field;
    if (storage.kind === 'null') return () => nothing(length);
    const bits = this.buffer();
    const validity = () => (nulls === 0 ? undefined : validityOf(bits(), length));
    if (field.dictionary !== undefined) return this.indices(field.dictionary, length, validity);
    const values = this.values(field, length);
    return () => ({ ...values(), length, validity: validity() });
  }

  private indices(
    { id, index }: NonNullable<ArrowField['dictionary']>,
    length: number,
    validity: () => Uint8Array | undefined,
  ): Values {
    const data = this.buffer();
    return () => {
      const dictionary = this.dictionaries.get(id);
      if (dictionary === undefined)
        throw new Damaged('a dictionary comes behind the values that refer to it');
      return take(dictionary, numbersIn(data(), index, length), elementTypes[index], length, validity());
    };
  }

  private values({ storage, children }: ArrowField, length: number): Values {
    switch (storage.kind) {
      case 'bits': {
        const data = this.buffer();
        return () => ({ kind: 'numbers', elements: unpackedBits(data(), length), ...bare });
      }
      case 'numbers': {
        const data = this.buffer();
        return () => ({ kind: 'numbers', elements: numbersIn(data(), storage.element, length), ...bare });
      }
      case 'fixed': {
        const { width } = storage;
        const data = this.buffer();
        return () => ({ kind: 'fixed', width, bytes: atLeast(data(), length * width), ...bare });
      }
      case 'bytes': {
        const [offsets, data] = [this.buffer(), this.buffer()];
        return () => {
          const bytes = data();
          return {
            kind: 'bytes',
            offsets: narrowOffsets(offsets(), storage.wide, length, bytes.length),
            bytes,
            ...bare,
          };
        };
      }
      case 'views': {
        const views = this.buffer();
        const data = Array.from({ length: this.header.dataBuffers[this.views++] ?? 0 }, () => this.buffer());
        return () => ({
          ...copyViews(
            atLeast(views(), length * 16),
            data.map((each) => each()),
            length,
          ),
          ...bare,
        });
      }
      case 'list': {
        const offsets = this.buffer();
        const elements = this.field(children[0]!);
        return () => {
          const inner = elements();
          return {
            kind: 'list',
            offsets: narrowOffsets(offsets(), storage.wide, length, inner.length),
            elements: inner,
            ...bare,
          };
        };
      }
      case 'fixed-list': {
        const { size } = storage;
        const elements = this.field(children[0]!);
        return () => {
          const inner = elements();
          if (inner.length < length * size)
            throw new Damaged('a list has fewer elements than it should have');
          return {
            kind: 'list',
            offsets: Int32Array.from({ length: length + 1 }, (_, i) => i * size),
            elements: inner,
            ...bare,
          };
        };
      }
      default: {
        const fields = children.map((child) => this.field(child));
        return () => {
          const inner = fields.map((each) => each());
          if (inner.some((each) => each.length < length))
            throw new Damaged('fields of one struct differ in length');
          return { kind: 'struct', fields: inner, ...bare };
        };
      }
    }
  }

  /** The next buffer, decompressed when it is asked for, where it lies at a multiple of 8. */
  private buffer(): () => Uint8Array<ArrayBuffer> {
    const { buffers, compression } = this.header;
    const [offset, length] = [buffers[2 * this.buffers], buffers[2 * this.buffers + 1]];
    this.buffers++;
    if (offset === undefined || length === undefined) throw new Damaged('a batch lacks a buffer');
    if (offset + length > this.body.length) throw new Damaged('a buffer lies outside of its batch');
    const bytes = this.body.subarray(offset, offset + length);
    return () => aligned(compression === 'none' ? bytes : this.decompress(bytes, compression));
  }

  /** Behind its length as int64, −1 where it is not compressed. */
  private decompress(bytes: Uint8Array, compression: Compression): Uint8Array {
    if (bytes.length === 0) return bytes;
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(0, true));
    if (length === -1) return bytes.subarray(8);
    if (length < 0 || length > 2 ** 31) throw new Damaged('a buffer is larger than 2 GB');
    // The decompressor's buffer serves for the next one.
    return this.decompressor.read(compression, bytes.subarray(8), length).slice();
  }
}

/** Filled in by `field`. */
const bare = { length: 0, validity: undefined };

function nothing(length: number): FieldValues {
  const validity = new Uint8Array((length + 7) >> 3);
  return { kind: 'bytes', length, validity, offsets: new Int32Array(length + 1), bytes: new Uint8Array(0) };
}

function validityOf(bits: Uint8Array, length: number): Uint8Array | undefined {
  return bits.length === 0 ? undefined : atLeast(bits, (length + 7) >> 3);
}

function numbersIn(bytes: Uint8Array<ArrayBuffer>, element: keyof typeof elementTypes, length: number) {
  const { size, view } = elementTypes[element];
  return view(atLeast(bytes, length * size).buffer as ArrayBuffer, bytes.byteOffset, length * size);
}

function atLeast(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length < length) throw new Damaged('a buffer is shorter than its column');
  return bytes;
}

function aligned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()) as Uint8Array<ArrayBuffer>;
}
