import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { vectorOfRow } from '../../sql/search.ts';
import { type Condition, keyDiffers } from '../../sql/search-conditions.ts';
import { castType } from './filters.ts';
import type { Subject } from './subject.ts';

/**
 * A stored row's vector as text, and the condition that leaves the row itself out.
 * @param id the key as text; a JSON list where it has several columns
 * @throws UsageError where there is no such row, or it has no vector
 */
export async function storedVector(
  session: Session,
  { table, column, key }: Subject,
  id: string,
  { note }: Pick<Reporter, 'note'>,
): Promise<{ vector: string; others: Condition }> {
  if (key.length === 0) {
    throw new UsageError(`table ${table.shown} has no primary key to find ${id} by`, {
      code: 'no-key',
      hint: 'search with a vector instead',
    });
  }
  const columns = key.map(({ name, base }) => ({ name, type: castType(base) }));
  const values = columns.length === 1 ? [id] : compositeId(id, columns.length, table.name);
  const { rows } = await session.query<{ vector: string | null }>(
    vectorOfRow(table, column.name, columns, values),
  );
  const vector = rows[0]?.vector;
  if (vector === undefined)
    throw new UsageError(`row ${id} does not exist in ${table.shown}`, { code: 'no-row' });
  if (vector === null)
    throw new UsageError(`row ${id} has no vector in ${column.name}`, { code: 'no-vector' });
  if (rows.length > 1) {
    note(
      `several rows of ${table.shown} have ${key[0]!.name} ${id}: one's vector is taken, and all are left out`,
    );
  }
  return { vector, others: keyDiffers(columns, values) };
}

function compositeId(text: string, parts: number, table: string): string[] {
  const fail = () =>
    new UsageError(
      `key ${text} is not a JSON list of ${parts} values, as many as the key of ${table} has columns`,
      {
        code: 'bad-key',
        hint: 'write it as \'["a",1]\', and long numbers in quotes',
      },
    );
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw fail();
  }
  if (!Array.isArray(values) || values.length !== parts) throw fail();
  // What JSON.parse has rounded is no longer the key that was given.
  if (values.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value))) throw fail();
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}
