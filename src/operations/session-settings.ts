import type { Database } from '../database/database.ts';
import { requireSession } from '../database/past-pooler.ts';
import { resetSetting, setSetting } from '../sql/settings.ts';

/** Runs the work with settings for the session, which are taken back after it. @throws UsageError behind a pooler */
export async function withSettings<Result>(
  database: Database,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
): Promise<Result> {
  const names = Object.keys(settings);
  if (names.length > 0) requireSession(database);
  const reset = async () => {
    for (const name of names) await database.query(resetSetting(name));
  };
  for (const name of names) await database.query(setSetting(name, settings[name]!));
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    // Where the connection is gone, so are its settings; what matters is why the work failed.
    await reset().catch(() => {});
    throw error;
  }
  await reset();
  return result;
}
