import type { Session } from '../../database/database.ts';
import type { SessionFacts } from '../../values/types.ts';

/** Names under which servers run on UTC. */
const utcNames = new Set([
  'utc',
  'etc/utc',
  'gmt',
  'etc/gmt',
  'universal',
  'zulu',
  'uct',
  'gmt0',
  'greenwich',
]);

/** What the reading of values depends on in this session; the lanes' sessions are alike. */
export async function sessionFacts(session: Session): Promise<SessionFacts> {
  const { rows } = await session.query<{ zone: string }>(
    "SELECT pg_catalog.current_setting('TimeZone') AS zone",
  );
  return { utc: utcNames.has(rows[0]!.zone.toLowerCase()) };
}
