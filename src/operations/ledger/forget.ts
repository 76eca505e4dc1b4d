import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, UsageError } from '../../errors.ts';
import { deleteLoads } from '../../sql/ledger.ts';
import { lockLoad } from '../../sql/ledger-locks.ts';
import { setLocal } from '../../sql/search.ts';
import { dropStaging } from '../../sql/staging.ts';
import { orLonger } from '../lock-holders.ts';
import { type DescribedLoad, describeLoads } from './describe-loads.ts';
import { holdersOf } from './guard.ts';
import { type RecordedLoad, recordedLoads, requireAccess } from './ledger.ts';

/** Characters at the beginning of an id that may stand for it. */
const shortest = 4;

/**
 * Forgets loads, all of them or none: their rows in the ledger, and what they have staged and not merged. What they
 * have stored in their tables stays.
 * @param ids load ids, or beginnings of them that mean one alone
 * @returns what they were
 * @throws UsageError where there is no such load; DatabaseError where a run is at work on one
 */
export async function forgetLoads(database: Database, ids: readonly string[]): Promise<DescribedLoad[]> {
  const hasLedger = await requireAccess(database, 'ready');
  return database.transaction(async (session) => {
    const known = hasLedger ? await recordedLoads(session, undefined) : [];
    const wanted = new Set(ids.map((id) => loadNamed(id, known).loadId));
    await session.query(setLocal({ lock_timeout: String(session.limits.lock) }));
    for (const loadId of wanted) await takeLoad(session, loadId);
    // As they are now that nobody else has them.
    const loads = (await recordedLoads(session, undefined)).filter(({ loadId }) => wanted.has(loadId));
    const described = await describeLoads(session, loads);
    for (const { staging } of loads) {
      if (staging === null) continue;
      await session.query(dropStaging(staging)).catch((error: unknown) => {
        throw orLonger(error);
      });
    }
    await session.query(deleteLoads([...wanted]));
    return described;
  });
}

function loadNamed(id: string, loads: readonly RecordedLoad[]): RecordedLoad {
  const found = loads.filter(
    ({ loadId }) => loadId === id || (id.length >= shortest && loadId.startsWith(id)),
  );
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new UsageError(`the ledger has no load ${id}`, {
      code: 'no-load',
      hint: '`pgv loads list` shows all',
    });
  }
  throw new UsageError(`several loads begin with ${id}: ${found.map(({ loadId }) => loadId).join(', ')}`, {
    code: 'ambiguous-load',
    hint: 'write more of the one that is meant',
  });
}

async function takeLoad(session: Session, loadId: string): Promise<void> {
  const { rows } = await session.query<{ taken: boolean }>(lockLoad(loadId));
  if (rows[0]!.taken) return;
  const holders = await holdersOf(session, loadId);
  throw new DatabaseError(`a run is at work on load ${loadId}: ${holders.join(', ')}`, {
    code: 'load-running',
    hint: 'wait for its end, or end it; nothing was forgotten',
  });
}
