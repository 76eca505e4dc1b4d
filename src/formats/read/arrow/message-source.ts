import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { Damaged } from '../columnar/values.ts';
import { type Message, readMessage } from './message.ts';

/** A message, and where its parts lie in the file. */
export interface FoundMessage extends Message {
  /** Where its body lies. */
  offset: number;
  metadata: Uint8Array;
}

/** The messages behind the schema, one after the other. */
export interface Messages {
  /** The next message; undefined at the end. */
  next: () => Promise<FoundMessage | undefined>;
  /** Reads the body of the message found last. @throws DataError where the file ends before it does */
  readBody: (target: Uint8Array) => Promise<void>;
}

/** Metadata of more than this is none. */
const longestMetadata = 2 ** 28;

/**
 * The messages of a file or stream in order (https://arrow.apache.org/docs/format/Columnar.html, Encapsulated message
 * format); a file is a stream between its magic bytes and its footer.
 */
export class MessageSource implements Messages {
  private readonly source: Source;
  private readonly marked: boolean;
  /** Bytes that have been read or passed over. */
  position = 0;
  /** Where the source itself stands: behind, where bytes were passed over. */
  private readAt = 0;
  /** Of the message found last, whose body has not been read. */
  private body = 0;

  /** @param marked there is a mark behind the last message, as in every file; a stream may just end */
  constructor(source: Source, marked: boolean) {
    this.source = source;
    this.marked = marked;
  }

  /** The next `length` bytes, fewer at the end. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await this.fill(bytes));
  }

  /** What is left of the body of the one before is passed over. */
  async next(): Promise<FoundMessage | undefined> {
    await this.pass(this.body);
    this.body = 0;
    const length = await this.metadataLength();
    if (length === 0) return undefined;
    if (length < 0 || length > longestMetadata) throw new Damaged('a message has no length');
    const metadata = await this.read(length);
    if (metadata.length < length) throw this.cutShort();
    const message = readMessage(metadata);
    this.body = message.bodyLength;
    if (this.position + this.body > (this.source.byteLength ?? Number.POSITIVE_INFINITY))
      throw this.cutShort();
    return { ...message, offset: this.position, metadata };
  }

  async readBody(target: Uint8Array): Promise<void> {
    if ((await this.fill(target)) < target.length) throw this.cutShort();
    this.body -= target.length;
  }

  /** int32, behind −1 since version 0.15; 0 at the end. */
  private async metadataLength(): Promise<number> {
    const first = await this.int32();
    if (first === undefined && this.marked) throw this.cutShort();
    return first === -1 ? ((await this.int32()) ?? -1) : (first ?? 0);
  }

  private async int32(): Promise<number | undefined> {
    const bytes = await this.read(4);
    if (bytes.length === 0) return undefined;
    if (bytes.length < 4) throw this.cutShort();
    return new DataView(bytes.buffer).getInt32(0, true);
  }

  private async fill(target: Uint8Array): Promise<number> {
    const { source } = this;
    const behind = this.readAt !== this.position;
    const read = behind ? await source.readAt!(target, this.position) : await source.read(target);
    this.position += read;
    if (!behind) this.readAt = this.position;
    return read;
  }

  private async pass(length: number): Promise<void> {
    const { byteLength, readAt } = this.source;
    if (readAt !== undefined && byteLength !== undefined) {
      this.position += length;
      return;
    }
    for (let rest = length; rest > 0; ) {
      const { length: read } = await this.read(Math.min(rest, 2 ** 20));
      if (read === 0) throw this.cutShort();
      rest -= read;
    }
  }

  private cutShort(): DataError {
    const { name: file } = this.source;
    return new DataError('the file ends within a batch of rows', {
      code: 'truncated',
      sqlstate: '22P04',
      file,
    });
  }
}
