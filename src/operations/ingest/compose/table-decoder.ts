import type { DecodedColumn, Layout, PieceDecoder, Road } from '../../../formats/read/format.ts';
import { readFormat } from '../../../formats/read/formats.ts';
import type { SessionFacts } from '../../../values/types.ts';
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

/** Decodes pieces of a file into the table's columns. */
export function tableDecoder(
  { layout, columns, composed, session }: TableDecoderOptions,
  road: Road,
): PieceDecoder {
  const decoder = readFormat(layout.format)!.decoder(layout, columns, road, session);
  if (composed === undefined) return new LimitingDecoder(decoder);
  const { file } = layout;
  return new LimitingDecoder(new ComposingDecoder(decoder, composed, { file, road, session }));
}
