import type { Session } from '../../database/database.ts';
import { DataError } from '../../errors.ts';
import type { Measure, Measured } from '../../formats/write/format.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { countRows, type MeasuredColumn, measureRows } from '../../sql/measure.ts';
import type { TakenColumn } from './columns.ts';
import type { Range } from './ranges.ts';
import type { Source } from './source.ts';

/** Counts the rows and asks what the format must know of them. Within the moment that is exported. */
export async function measure(
  session: Session,
  { rows }: Source,
  taken: readonly TakenColumn[],
  measures: readonly Measure[],
): Promise<Measured> {
  const asked = measures.map(({ column, what }): MeasuredColumn => {
    const { name, output, base } = taken.find(({ written }) => written.name === column)!.column;
    const dimensionsFunction =
      base.name === 'bit' ? 'pg_catalog.length' : quoteQualified(base.schema, 'vector_dims');
    return { name, what, output, dimensionsFunction };
  });
  const { rows: answers } = await session.query<Record<string, number | null>>(measureRows(rows, asked));
  const answer = answers[0]!;
  const values = measures.map((_, i) => answer[`value_${i}`] ?? undefined);
  for (const [i, { column, what }] of measures.entries()) {
    if (what !== 'dimensions' || answer[`value_${i}`] === answer[`least_${i}`]) continue;
    throw new DataError(`the vectors have ${answer[`least_${i}`]} to ${answer[`value_${i}`]} dimensions`, {
      code: 'ragged-vectors',
      column,
      hint: 'choose those of one length with --where, or a format that takes any: csv, jsonl, parquet, binary',
    });
  }
  return { rows: answer.rows!, values };
}

/** How many rows each range has. Within the moment that is exported. */
export async function countRanges(session: Session, ranges: readonly Range[]): Promise<number[]> {
  const counts: number[] = [];
  for (const range of ranges) {
    counts.push((await session.query<{ rows: number }>(countRows(range))).rows[0]!.rows);
  }
  return counts;
}
