import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { readQueryVector } from './query-vector.ts';
import { type Asked, wantedOf } from './request.ts';
import { type AppliedSettings, applySettings, type SearchSettings } from './settings.ts';
import { storedVector } from './stored-vector.ts';
import type { Subject } from './subject.ts';

/** What is searched from: a vector as text, or the key of a stored row, which is left out of its own neighbours. */
export type Origin = { vector: string } | { id: string };

/**
 * Prepares a transaction for a search from there: what is then asked, and the vector as text.
 * @throws UsageError where the vector is none, or there is no such row
 */
export async function searchFrom(
  session: Session,
  subject: Subject,
  query: Asked,
  origin: Origin,
  settings: SearchSettings,
  reporter: Reporter,
): Promise<{ asked: Asked; vector: string; applied: AppliedSettings }> {
  // A row's own neighbours: itself is found too, and left out.
  const wanted = wantedOf(query, 'id' in origin ? 1 : 0);
  const applied = await applySettings(session, subject.extensionSchema, settings, wanted);
  if ('vector' in origin) {
    return { asked: query, vector: readQueryVector(origin.vector, subject.column), applied };
  }
  const { vector, others } = await storedVector(session, subject, origin.id, reporter);
  return { asked: { ...query, conditions: [...query.conditions, others] }, vector, applied };
}
