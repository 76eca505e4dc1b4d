import type { ValueType } from '../../../values/types.ts';
import { elementIndex, type Rows } from './rows.ts';

/** A row as the text that PostgreSQL reads a value of this type from; what fits no such type is a list in brackets. */
export function valueText(rows: Rows, row: number, { name }: ValueType): string {
  const texts = elementTexts(rows, row);
  if (rows.scalar) return texts[0]!;
  switch (name) {
    case 'array':
      return `{${texts.join(',')}}`;
    case 'bit':
    case 'varbit':
      return texts.join('');
    case 'sparsevec': {
      const nonZero = texts.flatMap((text, i) => (Number(text) === 0 ? [] : [`${i + 1}:${text}`]));
      return `{${nonZero.join(',')}}/${rows.dimensions}`;
    }
    default:
      return `[${texts.join(',')}]`;
  }
}

/**
 * A row as an object of JSON with a line end: its number in the file from 0, which is the field `row` of these formats,
 * and its vector, or number. NaN and infinity, which JSON has not, are strings.
 */
export function jsonLine(rows: Rows, row: number, field: string, number: number): string {
  const texts = elementTexts(rows, row).map((text) => (/\d/.test(text) ? text : JSON.stringify(text)));
  const value = rows.scalar ? texts[0] : `[${texts.join(',')}]`;
  return `{"row":${number},${JSON.stringify(field)}:${value}}\n`;
}

function elementTexts(rows: Rows, row: number): string[] {
  const { elements, type, dimensions } = rows;
  return Array.from({ length: dimensions }, (_, column) =>
    type.text(elements, elementIndex(rows, row, column)),
  );
}
