import type { Session } from '../../database/database.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { holdsRow } from '../../sql/tables.ts';
import type { ColumnDescription, TableDescription } from '../tables.ts';

/** Types with an equality that a value's text can be asked by. */
const comparable = new Set([
  'int2',
  'int4',
  'int8',
  'text',
  'varchar',
  'uuid',
  'bool',
  'date',
  'vector',
  'halfvec',
]);

/**
 * How many of a file's rows are in the table, of a few that are looked for: all, none, some, or unknown where no
 * column can be asked for. An update of the table since may have changed a row.
 * @param columns the columns that fields of the file go into, each with its field
 */
export async function probeRows(
  session: Session,
  table: TableDescription,
  file: OpenedFile,
  columns: readonly { field: number; column: ColumnDescription }[],
): Promise<'all' | 'none' | 'some' | 'unknown'> {
  const inKey = columns.filter(({ column }) => table.primaryKey.includes(column.name));
  const asked = (inKey.length > 0 && inKey.length === table.primaryKey.length ? inKey : columns).filter(
    ({ column }) => comparable.has(column.base.name),
  );
  if (asked.length === 0 || file.sample.length === 0) return 'unknown';
  const name = quoteQualified(table.schema, table.name);
  let [looked, found] = [0, 0];
  for (const record of some(file.sample)) {
    const values = asked.map(({ field }) => record[field] ?? null);
    const conditions = asked.map(({ column }, i) => ({
      column: quoteName(column.name),
      type: column.declared,
      isNull: values[i] === null,
    }));
    const { rows } = await session.query<{ any: boolean }>(
      holdsRow(
        name,
        conditions,
        values.filter((value) => value !== null),
      ),
    );
    looked++;
    if (rows[0]!.any) found++;
  }
  if (found === 0) return 'none';
  return found === looked ? 'all' : 'some';
}

/** The first row, the last and one between. */
function some<T>(sample: readonly T[]): T[] {
  const places = new Set([0, sample.length >> 1, sample.length - 1]);
  return [...places].map((place) => sample[place]!);
}
