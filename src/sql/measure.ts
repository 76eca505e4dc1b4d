import { printed, type RowSource, selectRows } from './export.ts';
import { quoteName } from './identifiers.ts';

/** A question about a column's values. */
export interface MeasuredColumn {
  name: string;
  what: 'characters' | 'dimensions' | 'nulls';
  /** The function that prints its values. */
  output: string;
  /** pgvector's vector_dims, or of bits length; qualified. */
  dimensionsFunction: string;
}

/** Gives one row: rows, and for each question value_<i>; of dimensions the most, and least_<i>. */
export function measureRows(source: RowSource, questions: readonly MeasuredColumn[]): string {
  const answers = questions.flatMap(({ name, what, output, dimensionsFunction }, i) => {
    const column = quoteName(name);
    if (what === 'nulls') return [`count(*) FILTER (WHERE ${column} IS NULL)::int8 AS value_${i}`];
    if (what === 'characters') return [`max(char_length(${printed(name, output)}))::int8 AS value_${i}`];
    return [
      `max(${dimensionsFunction}(${column}))::int8 AS value_${i}`,
      `min(${dimensionsFunction}(${column}))::int8 AS least_${i}`,
    ];
  });
  // An order would be for nothing, and a limit is the inner query's.
  const { orderBy: _, ...rows } = source;
  const counted = ['count(*)::int8 AS rows', ...answers];
  if (source.limit === undefined) return selectRows(counted, rows);
  return `SELECT ${counted.join(', ')}\nFROM (\n${selectRows(['*'], source)}\n) AS "q"`;
}

/** Gives one row: rows. */
export const countRows = (source: RowSource): string => measureRows(source, []);
