import type { StoredPieces } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import { beginning, type Source } from '../../../source.ts';
import { ColumnarDecoder, type ColumnarLayout, damagedFile } from '../columnar/decoder.ts';
import { columnarFile } from '../columnar/opened.ts';
import { prepareZstd } from '../columnar/zstd.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { Batches } from './batches.ts';
import { MessageSource } from './message-source.ts';
import { pieceReader } from './piece-reader.ts';
import { type ArrowField, readSchema, UnknownType } from './schema.ts';

interface ArrowLayout extends ColumnarLayout {
  fields: readonly ArrowField[];
  /** Its buffers are compressed with zstd. */
  zstd: boolean;
}

const magic = [...Buffer.from('ARROW1')];
/** Of version 1 of Feather, which has nothing in common with version 2. */
const oldFeather = 'FEA1';

/** Arrow IPC (https://arrow.apache.org/docs/format/IPC.html), as a file (which Feather version 2 is) or a stream. */
export const arrow: ReadFormat = {
  name: 'arrow',
  extensions: ['.arrow', '.arrows', '.feather', '.ipc'],
  magic,
  open,
  prepare: async (layout) => {
    if ((layout as ArrowLayout).zstd) await prepareZstd();
  },
  decoder: (layout, columns, road, session) => {
    const known = layout as ArrowLayout;
    return new ColumnarDecoder(known, columns, road, session, pieceReader(known.fields));
  },
};

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, arrow.name);
  const file = source.name;
  try {
    const messages = await begin(source);
    const fields = await schemaOf(messages, file);
    const { position } = messages;
    const batches = new Batches(messages);
    const first = await batches.peek();
    const zstd = first?.compression === 'zstd';
    if (zstd) await prepareZstd();
    const [names, types] = [fields.map(({ name }) => name), fields.map(({ type }) => type)];
    const held = fields.map((_, field) => field);
    const layout: ArrowLayout = { format: arrow.name, file, names, types, held, fields, zstd };
    return {
      ...columnarFile(layout, first && pieceReader(fields)(first.piece)),
      headLength: position,
      pieces: (stored) => guarded(batches, file, stored),
      recycle: () => {},
    };
  } catch (error) {
    throw damagedFile(error, file);
  }
}

async function* guarded(batches: Batches, file: string, stored: StoredPieces | undefined) {
  try {
    yield* batches.pieces(stored);
  } catch (error) {
    throw damagedFile(error, file);
  }
}

/** The messages of a file or stream, from the first on. */
async function begin(source: Source): Promise<MessageSource> {
  const { name: file, byteLength, readAt } = source;
  const { bytes, whole } = await beginning(source, 8);
  if (bytes.length === 0) throw new DataError('the file is empty', { code: 'empty-file', file });
  if (Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from(oldFeather))) {
    throw new DataError('the file is Feather of version 1, which pgv does not read', {
      code: 'old-feather',
      file,
      hint: 'write it again as version 2, which is Arrow IPC',
    });
  }
  const isFile = magic.every((byte, i) => bytes[i] === byte);
  if (isFile && readAt !== undefined && byteLength !== undefined) {
    const tail = new Uint8Array(Math.min(magic.length, byteLength));
    await readAt(tail, byteLength - tail.length);
    if (byteLength < 16 || magic.some((byte, i) => tail[i] !== byte)) {
      throw new DataError('the file is cut short: it does not end as an Arrow file does', {
        code: 'truncated',
        sqlstate: '22P04',
        file,
      });
    }
  }
  const messages = new MessageSource(whole, isFile);
  if (isFile) await messages.read(8);
  return messages;
}

async function schemaOf(messages: MessageSource, file: string): Promise<ArrowField[]> {
  try {
    const message = await messages.next();
    if (message?.kind === 'schema') return readSchema(message.header);
  } catch (error) {
    if (error instanceof UnknownType) {
      throw new DataError(`the file holds ${error.message}, which pgv does not read`, {
        code: 'unknown-type',
        file,
        hint: 'write it again without them, or as Parquet',
      });
    }
    // Whatever does not begin with a schema is no Arrow at all.
    if (error instanceof DataError) throw error;
  }
  throw new DataError('the file does not begin as an Arrow file or stream does', { code: 'not-arrow', file });
}
