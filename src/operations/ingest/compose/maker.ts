import { type Batch, type BytesColumn, type Column, isValid } from '../../../batch.ts';
import { NeedsText } from '../../../formats/read/format.ts';
import { excerpt, TAKEN, type TextReader, UNSURE, type ValueProblem } from '../../../text-reader.ts';

/**
 * Makes one column of the table from a batch's columns. What it returns is valid until it makes the next.
 * @throws NeedsText where only PostgreSQL can read a value
 */
export type Maker = (batch: Batch, refuse: Refuse, numberOf: NumberOf) => Column;

/** The number in the file of a row of the batch. */
export type NumberOf = (row: number) => number;

/**
 * Told of a row whose value cannot be made; it returns where the row is left out, and throws where that ends it all.
 * @param field whose value it is, where that is known more closely than by the column
 */
export type Refuse = (row: number, problem: ValueProblem, field?: string) => void;

/** A part that is decoded as text. */
export function textPart({ columns }: Batch, part: number): BytesColumn {
  return columns[part] as BytesColumn;
}

/**
 * Reads a column of texts.
 * @param typeName undefined: PostgreSQL reads what the reader is unsure of; given, such a text is none of this type
 */
export function readTexts(
  { bytes, offsets, validity }: BytesColumn,
  rows: number,
  reader: TextReader,
  refuse: Refuse,
  typeName?: string,
): Column {
  // Whatever a batch that failed half way has left.
  reader.take();
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, row)) {
      reader.readNull();
      continue;
    }
    const verdict = reader.read(bytes, offsets[row]!, offsets[row + 1]!);
    if (verdict === TAKEN) continue;
    if (verdict === UNSURE && typeName === undefined) throw new NeedsText();
    const unread = `not a ${typeName}: ${excerpt(bytes, offsets[row]!, offsets[row + 1]!)}`;
    refuse(row, verdict === UNSURE ? { sqlstate: '22P02', message: unread } : reader.problem!);
    reader.readNull();
  }
  return reader.take();
}
