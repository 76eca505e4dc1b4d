import type { Piece } from '../../batch.ts';
import { copyContext } from '../../database/sqlstate.ts';
import type { PgvError } from '../../errors.ts';
import type { PieceDecoder, RejectedRecord } from '../../formats/read/format.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';
import { isAboutRow } from './store-around.ts';

/** A record that was left out, as it goes into the reject file. @param error with its row */
export function rejectOf(
  { layout, input }: Recipe,
  { location }: Piece,
  error: PgvError,
  { bytes, byteOffset }: RejectedRecord,
): Reject {
  return {
    file: layout.file,
    row: error.row!,
    byteOffset,
    byteLength: bytes.length,
    column: error.column,
    reason: error.message,
    sqlstate: error.sqlstate,
    piece: location.sequence,
    fileIndex: input,
    bytes,
  };
}

/** The piece's n-th row, which the server has refused, likewise. */
export function refusedRow(
  recipe: Recipe,
  piece: Piece,
  decoder: PieceDecoder,
  n: number,
  cause: PgvError,
): Reject {
  const row = decoder.rowNumber(piece, n);
  const error = aboutTarget(recipe, cause).at({
    file: recipe.layout.file,
    row,
    column: copyContext(cause)?.column,
  });
  return rejectOf(recipe, piece, error, decoder.record(piece, n));
}

/** PostgreSQL names the line within the COPY; people want the file and its row. */
export function located(recipe: Recipe, piece: Piece, decoder: PieceDecoder, error: unknown): unknown {
  if (!isAboutRow(error) || error.file !== undefined) return error;
  const context = copyContext(error);
  if (context === undefined) return error;
  const row = decoder.rowNumber(piece, context.line - 1);
  return aboutTarget(recipe, error).at({ file: recipe.layout.file, row, column: context.column });
}

/** Of a range of a table: which row it is in the table nobody knows. */
export function locatedInTable({ layout }: Recipe, error: unknown): unknown {
  if (!isAboutRow(error) || error.file !== undefined) return error;
  return error.at({ file: layout.file, column: copyContext(error)?.column });
}

/** The same error without the staging table, whose name and further column are nobody's business. */
function aboutTarget({ numbered }: Recipe, error: PgvError): PgvError {
  if (!numbered) return error;
  const [what] = error.message.replace(/ (?:of|for) relation "[^"]*"/, '').split(': Failing row contains');
  return error.withMessage(what!);
}
