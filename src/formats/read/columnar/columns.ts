import { type Column, isValid } from '../../../batch.ts';
import { BAD, type TextReader, UNSURE, type ValueProblem } from '../../../text-reader.ts';
import { utf8Reader } from '../../../values/bytes-reader.ts';
import { type SessionFacts, textReader, type ValueType } from '../../../values/types.ts';
import { type DecodedColumn, NeedsText, type Road } from '../format.ts';
import { BadValue } from '../vectors/columns.ts';
import { directColumn } from './direct-columns.ts';
import type { FieldType } from './field-type.ts';
import { fieldText } from './nested-text.ts';
import type { FieldValues } from './values.ts';
import { vectorColumn } from './vector-column.ts';

/** Rows [from, from + count) of a field's values as one column. Its arrays are valid until the next call. */
export type ColumnDecoder = (values: FieldValues, from: number, count: number) => Column;

/**
 * How a field's values go into a column of the table: vectors and what is laid out alike as they lie, all else by
 * its text, for the type's reader or for PostgreSQL.
 */
export function fieldColumn(
  field: FieldType,
  { type }: DecodedColumn,
  road: Road,
  session: SessionFacts,
): ColumnDecoder {
  const byText = textColumn(field, type, road, session);
  const isVector = type.name === 'vector' || type.name === 'halfvec';
  if (isVector && field.kind === 'list' && field.element.kind === 'number') {
    return vectorColumn(field.element.element, type, road, session, byText);
  }
  return (road === 'binary' ? directColumn(field, type) : undefined) ?? byText;
}

function textColumn(field: FieldType, type: ValueType, road: Road, session: SessionFacts): ColumnDecoder {
  const reader = road === 'text' ? utf8Reader() : textReader(type, { ...session, canonical: false })!;
  return (values, from, count) => {
    // Whatever a run that failed half way has left.
    reader.take();
    for (let i = 0; i < count; i++) readValue(field, values, from + i, type, reader, i);
    return reader.take();
  };
}

function readValue(
  field: FieldType,
  values: FieldValues,
  at: number,
  type: ValueType,
  reader: TextReader,
  row: number,
): void {
  if (!isValid(values.validity, at)) {
    reader.readNull();
    return;
  }
  const bytes = Buffer.from(fieldText(field, values, at, type));
  const verdict = reader.read(bytes, 0, bytes.length);
  if (verdict === UNSURE) throw new NeedsText();
  if (verdict === BAD) throw new BadValue(reader.problem as ValueProblem, row);
}
