import type { Endpoint } from '../../embed/endpoint.ts';
import type { DecodedColumn, Layout, Road } from '../../formats/read/format.ts';
import type { PieceTable } from '../../sql/ledger-pieces.ts';
import type { SessionFacts } from '../../values/types.ts';
import type { ComposedColumn } from './compose/composition.ts';

/** All that a lane must know to load the pieces of one file; structured-cloneable. */
export interface Recipe {
  /** The file's index among the run's. */
  input: number;
  layout: Layout;
  /** What the decoder reads. */
  columns: readonly DecodedColumn[];
  /** What the table's columns are made of it; undefined: they are the decoded ones. */
  composed: readonly ComposedColumn[] | undefined;
  /** Who embeds texts, where some column is made so. */
  embedding: RecipeEmbedding | undefined;
  /** text where a column's binary form is not known. */
  road: Road;
  session: SessionFacts;
  /** Quoted and qualified. */
  copyInto: string;
  /** Each row goes with its number in the load, as the first column. */
  numbered: boolean;
  /** Where stored pieces are written down; undefined: nowhere. */
  ledger: PieceLedger | undefined;
  /** Run with the file's first piece, in its transaction. */
  beforeFirst: string | undefined;
  /** What a bad row does: end the load, or go where rejected rows go. */
  onError: 'stop' | 'skip';
  /** Milliseconds that a lost connection is tried again for; undefined: the usual. */
  patience: number | undefined;
  /** Milliseconds without progress after which a connection is doubted; undefined: the usual. */
  stallAfter: number | undefined;
}

export interface RecipeEmbedding {
  endpoint: Endpoint;
  /** Of all its vectors. */
  dimensions: number;
}

export interface PieceLedger {
  loadId: string;
  table: PieceTable;
  tableOid: number;
}
