import { TupleDecoder } from '../../copy/decode/decode.ts';
import { TupleCutter } from '../../copy/tuple-parts.ts';
import type { Session } from '../../database/database.ts';
import { type Compress, compressor } from '../../formats/write/compress.ts';
import type { Encoder, Part, WritePlan } from '../../formats/write/format.ts';
import { writeFormatNamed } from '../../formats/write/formats.ts';
import { Buffers } from './buffers.ts';
import type { RangeWork, Reading } from './lane-messages.ts';

/** Bytes of tuples a part, where the format does not say. */
const usualPartLength = 2 ** 20;

/** Of a file of so many bytes: text is a few times as long as the tuples that it is of. */
const partsPerFile = 16;

/** What a lane makes of rows: parts of the file. */
export class RangeReader {
  readonly buffers = new Buffers();
  private readonly plan: WritePlan;
  private readonly encoder: Encoder;
  private readonly decoder: TupleDecoder;
  private readonly compress: Compress | undefined;
  private readonly partLength: number;
  private readonly every: number | undefined;

  static async prepare({ format, plan, compression, split }: Reading): Promise<RangeReader> {
    const writer = writeFormatNamed(format);
    await writer.prepare?.(plan);
    const compress = compression && (await compressor(compression));
    const usual = writer.partLength ?? usualPartLength;
    const [partLength, every] =
      split === undefined
        ? [usual, undefined]
        : 'rows' in split
          ? [usual, split.rows]
          : [Math.min(usual, Math.ceil(split.bytes / partsPerFile)), undefined];
    return new RangeReader(plan, partLength, every, compress, (take) => writer.encoder(plan, take));
  }

  private constructor(
    plan: WritePlan,
    partLength: number,
    every: number | undefined,
    compress: Compress | undefined,
    encoder: (take: Buffers['take']) => Encoder,
  ) {
    this.plan = plan;
    this.partLength = partLength;
    this.every = every;
    this.compress = compress;
    this.encoder = encoder(this.buffers.take);
    this.decoder = new TupleDecoder(
      plan.columns.map(({ name, type, sent }) => ({
        name,
        type: sent === 'binary' ? type : { name: 'text' },
      })),
    );
  }

  /**
   * Reads the rows of a range.
   * @param skip rows at its beginning that have been had before
   * @param send is given its parts; while the promise that it returns is pending, no more is read
   */
  async read(
    session: Pick<Session, 'copyOut'>,
    { copy, firstRow }: RangeWork,
    skip: number,
    send: (part: Part) => Promise<void> | undefined,
  ): Promise<void> {
    const { partLength, every, plan, buffers } = this;
    const options = { fields: plan.columns.length, partLength, skip, every, firstRow: firstRow + skip };
    let sending: Promise<void> | undefined;
    const cutter = new TupleCutter(options, buffers.take, (tuples, rows) => {
      sending = send(this.encode(tuples, rows));
    });
    await session.copyOut(copy, (bytes) => {
      sending = undefined;
      cutter.add(bytes);
      return sending;
    });
    cutter.finish();
  }

  private encode(tuples: Uint8Array<ArrayBuffer>, rows: number): Part {
    const part = this.encoded(tuples, rows);
    const { compress } = this;
    if (compress === undefined) return part;
    const streams = part.streams.map((stream) => ownBytes(compress(stream)));
    this.buffers.giveBack(part.streams.map(({ buffer }) => buffer));
    return { ...part, streams };
  }

  private encoded(tuples: Uint8Array<ArrayBuffer>, rows: number): Part {
    const { encoder } = this;
    if (encoder.takes === 'tuples') return encoder.encode(tuples, rows);
    const part = encoder.encodeTuples?.(tuples, rows) ?? encoder.encode(this.decoder.decode(tuples, rows));
    this.buffers.giveBack([tuples.buffer]);
    return part;
  }
}

/** Bytes in a buffer of their own: what a compressor gives may lie in memory that others use. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
