import type { Batch, BytesColumn, Column } from '../../../batch.ts';
import { NeedsText, type Road } from '../../../formats/read/format.ts';
import { TAKEN } from '../../../text-reader.ts';
import { utf8Reader } from '../../../values/bytes-reader.ts';
import { type SessionFacts, textReader, type ValueType } from '../../../values/types.ts';
import type { Transformer } from '../../../vector/transform.ts';
import type { EmbeddedTexts } from '../embed/embedded-texts.ts';
import type { ColumnSource } from './composition.ts';
import { objectWriter } from './json-object.ts';
import { pathTaker } from './json-path.ts';
import { type Maker, readTexts, textPart } from './maker.ts';
import { vectorMaker } from './vector-maker.ts';

export interface MakerOptions {
  road: Road;
  session: SessionFacts;
  /** A transformer of vectors that was made, to be asked later what it has seen. */
  onTransformer: (transformer: Transformer) => void;
  /** Of the piece at work; undefined: nothing is embedded. */
  embedded: EmbeddedTexts | undefined;
}

/** How a column is made: typed on the binary road, as its text on the other. */
export function makerOf(source: ColumnSource, options: MakerOptions): Maker {
  switch (source.kind) {
    case 'part':
      return ({ columns }) => columns[source.part]!;
    case 'constant':
      return constantMaker(source.text, readerOf(source.type, options));
    case 'vector':
      return vectorMaker(source, options);
    case 'path': {
      const { path, type } = source;
      const take = pathTaker(path, type.name === 'json' || type.name === 'jsonb');
      return readMaker(type, options, (batch, refuse) =>
        take(textPart(batch, path.part), batch.rows, refuse),
      );
    }
    case 'object': {
      const { members, type } = source;
      const write = objectWriter(members);
      const texts = (batch: Batch) => members.map(({ part }) => textPart(batch, part));
      return readMaker(type, options, (batch) => write(texts(batch), batch.rows));
    }
  }
}

/** Of the type, or on the text road of the text that PostgreSQL reads. */
function readerOf(type: ValueType, { road, session }: MakerOptions) {
  return (road === 'binary' && textReader(type, { ...session, canonical: false })) || utf8Reader();
}

function readMaker(
  type: ValueType,
  options: MakerOptions,
  texts: (...args: Parameters<Maker>) => BytesColumn,
): Maker {
  if (options.road === 'text') return texts;
  const reader = readerOf(type, options);
  return (batch, refuse, numberOf) => readTexts(texts(batch, refuse, numberOf), batch.rows, reader, refuse);
}

/** The column is read once; batches with fewer rows than it has take the first of them. */
function constantMaker(text: string | undefined, reader: ReturnType<typeof readerOf>): Maker {
  const bytes = Buffer.from(text ?? '');
  let made: Column | undefined;
  let room = 0;
  return ({ rows }) => {
    if (made !== undefined && rows <= room) return made;
    reader.take();
    for (let row = 0; row < rows; row++) {
      if (text === undefined) reader.readNull();
      else if (reader.read(bytes, 0, bytes.length) !== TAKEN) throw new NeedsText();
    }
    made = reader.take();
    room = rows;
    return made;
  };
}
