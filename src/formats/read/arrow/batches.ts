import type { Location, Piece, StoredPieces } from '../../../batch.ts';
import type { Compression } from '../columnar/compression.ts';
import { Damaged } from '../columnar/values.ts';
import { type BatchHeader, readBatchHeader, readDictionaryHeader } from './message.ts';
import type { FoundMessage, Messages } from './message-source.ts';
import { packMessages } from './packed-batch.ts';

/** A dictionary as it goes with every batch behind it. */
interface KeptDictionary {
  id: number;
  metadata: Uint8Array;
  body: Uint8Array;
}

/** The batches of rows behind the schema, each a piece, the first of which can be looked at beforehand. */
export class Batches {
  private readonly messages: Messages;
  private dictionaries: KeptDictionary[] = [];
  private first: Piece | undefined;
  private compression: Compression | undefined;
  private next = { sequence: 0, firstRow: 1 };

  constructor(messages: Messages) {
    this.messages = messages;
  }

  /** The first batch that has rows, and how its buffers are compressed. */
  async peek(): Promise<{ piece: Piece; compression: Compression } | undefined> {
    this.first ??= await this.read();
    return this.first && { piece: this.first, compression: this.compression! };
  }

  async *pieces(stored?: StoredPieces): AsyncGenerator<Piece> {
    const { first } = this;
    this.first = undefined;
    if (first !== undefined && !stored?.has(first.location.sequence)) yield first;
    for (;;) {
      const piece = await this.read(stored);
      if (piece === undefined) return;
      yield piece;
    }
  }

  /** The next batch that has rows and is not stored. */
  private async read(stored?: StoredPieces): Promise<Piece | undefined> {
    for (;;) {
      const message = await this.messages.next();
      if (message === undefined) return undefined;
      if (message.kind === 'dictionary') await this.keep(message);
      if (message.kind !== 'batch') continue;
      const batch = readBatchHeader(message.header);
      this.checkCompression(batch);
      if (batch.rows === 0) continue;
      const location = this.locate(message, batch);
      if (!stored?.has(location.sequence)) return { location, bytes: await this.pack(message) };
    }
  }

  private locate({ offset, metadata, bodyLength }: FoundMessage, { rows: records }: BatchHeader): Location {
    const { sequence, firstRow } = this.next;
    this.next = { sequence: sequence + 1, firstRow: firstRow + records };
    const { length } = metadata;
    return { sequence, firstRow, records, byteOffset: offset - length, byteLength: length + bodyLength };
  }

  /** All batches are alike there, and what reads them is prepared once. */
  private checkCompression({ compression }: BatchHeader): void {
    this.compression ??= compression;
    if (compression !== this.compression) throw new Damaged('its batches differ in their compression');
  }

  /** A dictionary takes the place of the one of its number, or adds to it. */
  private async keep({ metadata, header, bodyLength }: FoundMessage): Promise<void> {
    const { id, delta, batch } = readDictionaryHeader(header);
    this.checkCompression(batch);
    const body = new Uint8Array(bodyLength);
    await this.messages.readBody(body);
    if (!delta) this.dictionaries = this.dictionaries.filter((kept) => kept.id !== id);
    this.dictionaries.push({ id, metadata, body });
  }

  private async pack({ metadata, bodyLength }: FoundMessage): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.dictionaries.map(({ metadata, body }) => ({ metadata, bodyLength: body.length }));
    const { bytes, bodies } = packMessages([...kept, { metadata, bodyLength }]);
    this.dictionaries.forEach(({ body }, i) => {
      bodies[i]!.set(body);
    });
    await this.messages.readBody(bodies.at(-1)!);
    return bytes;
  }
}
