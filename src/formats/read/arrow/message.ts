import type { Compression } from '../columnar/compression.ts';
import { Damaged } from '../columnar/values.ts';
import { Table } from './flatbuffer.ts';

// The messages of https://github.com/apache/arrow/blob/main/format/Message.fbs, as far as they are needed.

export interface Message {
  kind: 'schema' | 'dictionary' | 'batch' | 'other';
  header: Table;
  /** Bytes behind the metadata. */
  bodyLength: number;
}

const kinds = ['other', 'schema', 'dictionary', 'batch'] as const;

/** @param metadata one message's FlatBuffer @throws Damaged, RangeError */
export function readMessage(metadata: Uint8Array): Message {
  const message = Table.root(metadata);
  const header = message.table(2);
  if (header === undefined) throw new Damaged('a message has no header');
  return { kind: kinds[message.int8(1)] ?? 'other', header, bodyLength: message.int64(3) };
}

/** What a message says of the columns in its body. */
export interface BatchHeader {
  rows: number;
  /** Length and number of NULLs of each field, depth first. */
  nodes: readonly number[];
  /** Offset and length in the body of each buffer. */
  buffers: readonly number[];
  compression: Compression;
  /** For each column of views, how many buffers of data it has. */
  dataBuffers: readonly number[];
}

export function readBatchHeader(header: Table): BatchHeader {
  const compression = header.table(3);
  return {
    rows: header.int64(0),
    nodes: header.int64s(1, 2),
    buffers: header.int64s(2, 2),
    compression: compression === undefined ? 'none' : compression.int8(0) === 1 ? 'zstd' : 'lz4-frame',
    dataBuffers: header.int64s(4),
  };
}

/** A dictionary's number, whether it adds to the one before, and its values: a batch of one column. */
export function readDictionaryHeader(header: Table): { id: number; delta: boolean; batch: BatchHeader } {
  const data = header.table(1);
  if (data === undefined) throw new Damaged('a dictionary has no values');
  return { id: header.int64(0), delta: header.int8(2) !== 0, batch: readBatchHeader(data) };
}
