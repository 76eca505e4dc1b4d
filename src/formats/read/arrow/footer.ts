import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { Damaged } from '../columnar/values.ts';
import { Table } from './flatbuffer.ts';
import { readMessage } from './message.ts';
import type { FoundMessage, Messages } from './message-source.ts';

export const magic = [...Buffer.from('ARROW1')];

/** Where a message lies in a file. */
interface Block {
  offset: number;
  /** Bytes of its metadata, with what stands in front of it. */
  metadataLength: number;
  bodyLength: number;
}

/** What the end of a file says of it (https://github.com/apache/arrow/blob/main/format/File.fbs). */
export interface Footer {
  schema: Table;
  dictionaries: readonly Block[];
  batches: readonly Block[];
}

type ReadAt = NonNullable<Source['readAt']>;

/** Behind the footer: its length as int32, and the magic bytes. @throws DataError where the file is cut short, Damaged */
export async function readFooter(readAt: ReadAt, byteLength: number, file: string): Promise<Footer> {
  const tail = new Uint8Array(10);
  if (byteLength >= 20) await readAt(tail, byteLength - 10);
  const length = new DataView(tail.buffer).getInt32(0, true);
  if (magic.some((byte, i) => tail[4 + i] !== byte) || length < 0 || length > byteLength - 18) {
    throw new DataError('the file is cut short: it does not end as an Arrow file does', {
      code: 'truncated',
      sqlstate: '22P04',
      file,
    });
  }
  const bytes = new Uint8Array(length);
  await readAt(bytes, byteLength - 10 - length);
  const footer = Table.root(bytes);
  const schema = footer.table(1);
  if (schema === undefined) throw new Damaged('its footer has no schema');
  return { schema, dictionaries: blocks(footer, 2), batches: blocks(footer, 3) };
}

/** Structs of int64, int32, padding and int64. */
function blocks(footer: Table, field: number): Block[] {
  const numbers = footer.int64s(field, 3);
  return Array.from({ length: numbers.length / 3 }, (_, i) => ({
    offset: numbers[3 * i]!,
    metadataLength: numbers[3 * i + 1]! % 2 ** 32,
    bodyLength: numbers[3 * i + 2]!,
  }));
}

/** The messages that the footer names: dictionaries, wherever they lie, before the batches that refer to them. */
export class FooterMessages implements Messages {
  private readonly readAt: ReadAt;
  private readonly file: string;
  private readonly blocks: Iterator<Block>;
  private body = 0;

  /** @throws Damaged where the footer names what lies outside of the file */
  constructor(readAt: ReadAt, byteLength: number, file: string, { dictionaries, batches }: Footer) {
    this.readAt = readAt;
    this.file = file;
    const blocks = [...dictionaries, ...batches];
    if (blocks.some((block) => block.offset + block.metadataLength + block.bodyLength > byteLength)) {
      throw new Damaged('a batch lies behind its end');
    }
    this.blocks = blocks.values();
  }

  async next(): Promise<FoundMessage | undefined> {
    const { value: block, done } = this.blocks.next();
    if (done) return undefined;
    const prefixed = new Uint8Array(block.metadataLength);
    await this.fill(prefixed, block.offset);
    // Its length, behind −1 since version 0.15.
    const start = new DataView(prefixed.buffer).getInt32(0, true) === -1 ? 8 : 4;
    const metadata = prefixed.subarray(start);
    this.body = block.offset + block.metadataLength;
    return { ...readMessage(metadata), bodyLength: block.bodyLength, offset: this.body, metadata };
  }

  readBody(target: Uint8Array): Promise<void> {
    return this.fill(target, this.body);
  }

  private async fill(target: Uint8Array, offset: number): Promise<void> {
    if ((await this.readAt(target, offset)) === target.length) return;
    throw new DataError('the file ends within a batch of rows', {
      code: 'truncated',
      sqlstate: '22P04',
      file: this.file,
    });
  }
}
