import type { Session } from '../database/database.ts';
import { setLocal } from '../sql/search.ts';

/**
 * Does some work with settings of its own, and gives the session back the ones it had.
 * @param session a transaction; where the work fails it is over, and its settings with it
 */
export async function withLocalSettings<T>(
  session: Session,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(settings);
  const { rows } = await session.query<{ before: string[] }>({
    text: `SELECT ARRAY[${names.map((_, i) => `current_setting($${i + 1})`).join(', ')}]::text[] AS before`,
    values: names,
  });
  await session.query(setLocal(settings));
  const result = await work();
  const { before } = rows[0]!;
  await session.query(setLocal(Object.fromEntries(names.map((name, i) => [name, before[i]!]))));
  return result;
}
