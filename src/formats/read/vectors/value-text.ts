import type { ValueType } from '../../../values/types.ts';
import { elementIndex, type Rows } from './rows.ts';

/** A row as the text that PostgreSQL reads a value of this type from; what fits no such type is a list in brackets. */
export function valueText(rows: Rows, row: number, { name }: ValueType): string {
  const { elements, type, dimensions } = rows;
  const texts = Array.from({ length: dimensions }, (_, column) =>
    type.text(elements, elementIndex(rows, row, column)),
  );
  if (rows.scalar) return texts[0]!;
  switch (name) {
    case 'array':
      return `{${texts.join(',')}}`;
    case 'bit':
    case 'varbit':
      return texts.join('');
    case 'sparsevec': {
      const nonZero = texts.flatMap((text, i) => (Number(text) === 0 ? [] : [`${i + 1}:${text}`]));
      return `{${nonZero.join(',')}}/${dimensions}`;
    }
    default:
      return `[${texts.join(',')}]`;
  }
}
