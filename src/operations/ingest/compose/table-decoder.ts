import type { DecodedColumn, Layout, PieceDecoder, Road } from '../../../formats/read/format.ts';
import { readFormat } from '../../../formats/read/formats.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type { EmbeddedTexts } from '../embed/embedded-texts.ts';
import { LimitingDecoder } from '../limit.ts';
import { ComposingDecoder } from './composing-decoder.ts';
import type { ComposedColumn } from './composition.ts';

export interface TableDecoderOptions {
  layout: Layout;
  /** What the format's decoder reads. */
  columns: readonly DecodedColumn[];
  /** What the table's columns are made of it; undefined: they are the decoded ones. */
  composed: readonly ComposedColumn[] | undefined;
  session: SessionFacts;
}

/** A decoder of the table's columns. */
export interface TableDecoder extends PieceDecoder {
  /** Vectors of zeros in the piece decoded last that were to be brought to length 1; undefined: none was to be. */
  readonly zeroVectors?: number;
}

/**
 * Decodes pieces of a file into the table's columns.
 * @param embedded what has been embedded of the piece that is decoded
 */
export function tableDecoder(
  { layout, columns, composed, session }: TableDecoderOptions,
  road: Road,
  embedded?: EmbeddedTexts,
): TableDecoder {
  const decoder = new LimitingDecoder(readFormat(layout.format)!.decoder(layout, columns, road, session));
  if (composed === undefined) return decoder;
  return new ComposingDecoder(decoder, composed, { file: layout.file, road, session, embedded });
}
