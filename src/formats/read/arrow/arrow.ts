import type { StoredPieces } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import { beginning, type Source } from '../../../source.ts';
import type { Metadata } from '../columnar/declared-types.ts';
import { ColumnarDecoder, type ColumnarLayout, damagedFile } from '../columnar/decoder.ts';
import { columnarFile } from '../columnar/opened.ts';
import { Damaged } from '../columnar/values.ts';
import { prepareZstd } from '../columnar/zstd.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { Batches } from './batches.ts';
import type { Table } from './flatbuffer.ts';
import { FooterMessages, magic, readFooter } from './footer.ts';
import { MessageSource, type Messages } from './message-source.ts';
import { pieceReader } from './piece-reader.ts';
import { type ArrowField, readMetadata, readSchema, UnknownType } from './schema.ts';

interface ArrowLayout extends ColumnarLayout {
  fields: readonly ArrowField[];
  /** Its buffers are compressed with zstd. */
  zstd: boolean;
}

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
    const { fields, messages, metadata, headLength } = await begin(source);
    const batches = new Batches(messages);
    const first = await batches.peek();
    const zstd = first?.compression === 'zstd';
    if (zstd) await prepareZstd();
    const [names, types] = [fields.map(({ name }) => name), fields.map(({ type }) => type)];
    const held = fields.map((_, field) => field);
    const layout: ArrowLayout = { format: arrow.name, file, names, types, held, fields, zstd };
    return {
      ...columnarFile(layout, first && pieceReader(fields)(first.piece), metadata),
      headLength,
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

interface Begun {
  fields: ArrowField[];
  metadata: Metadata;
  messages: Messages;
  /** Bytes before the first message behind the schema. */
  headLength: number;
}

/** A file that can be read here and there is read by its footer, all else as a stream. */
async function begin(source: Source): Promise<Begun> {
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
    const footer = await readFooter(readAt, byteLength, file);
    const messages = new FooterMessages(readAt, byteLength, file, footer);
    return { ...schemaOf(footer.schema, file), messages, headLength: 8 };
  }
  const messages = new MessageSource(whole, isFile);
  if (isFile) await messages.read(8);
  const schema = await messages.next().catch((error: unknown) => {
    // What does not begin with a message is no Arrow at all.
    if (error instanceof Damaged || error instanceof RangeError) return undefined;
    throw error;
  });
  if (schema?.kind === 'schema') {
    return { ...schemaOf(schema.header, file), messages, headLength: messages.position };
  }
  throw new DataError('the file does not begin as an Arrow file or stream does', { code: 'not-arrow', file });
}

function schemaOf(schema: Table, file: string): Pick<Begun, 'fields' | 'metadata'> {
  try {
    return { fields: readSchema(schema), metadata: readMetadata(schema) };
  } catch (error) {
    if (!(error instanceof UnknownType)) throw error;
    throw new DataError(`the file holds ${error.message}, which pgv does not read`, {
      code: 'unknown-type',
      file,
      hint: 'write it again without them, or as Parquet',
    });
  }
}
