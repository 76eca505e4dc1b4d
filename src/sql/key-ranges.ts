import { type RowSource, selectRows } from './export.ts';
import { quoteLiteral, quoteName } from './identifiers.ts';

/** A key of one column, by which rows are put in order. */
export interface RangeKey {
  name: string;
  /** As SQL writes its type. */
  declared: string;
}

/** Gives rows: bound, the key of every so many-th row, in order. */
export function keyBounds(source: RowSource, { name }: RangeKey, rowsPerRange: number): string {
  const key = quoteName(name);
  const numbered = selectRows([key, `row_number() OVER (ORDER BY ${key})`], source);
  return `SELECT key::text AS bound\nFROM (\n${numbered}\n) AS q (key, place)\nWHERE place % ${rowsPerRange} = 0\nORDER BY place`;
}

/** The rows whose key lies in (after, upTo], in its order; without a bound, on that side all. */
export function inKeyRange(
  source: RowSource,
  { name, declared }: RangeKey,
  after: string | undefined,
  upTo: string | undefined,
): RowSource {
  const key = quoteName(name);
  const where = [
    ...(after === undefined ? [] : [`${key} > ${quoteLiteral(after)}::${declared}`]),
    ...(upTo === undefined ? [] : [`${key} <= ${quoteLiteral(upTo)}::${declared}`]),
    ...source.where,
  ];
  return { from: source.from, where, orderBy: key };
}
