import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { nearest, setLocal } from '../../sql/search.ts';
import type { IndexType } from '../../vector/metrics.ts';
import { indexOf } from '../search/complete.ts';
import { apply, askedOf, type Searches } from './measure.ts';
import type { IndexSetting } from './setting.ts';

/**
 * Sees to it that the index serves the searches from here on in the transaction. The plan does not depend on the vector,
 * so one is asked about.
 * @returns whether the planner chooses the index by itself; where it does not, other ways are made dear to it
 * @throws UsageError where it does not even then
 */
export async function ensureServed(
  session: Session,
  searches: Searches,
  setting: IndexSetting,
): Promise<boolean> {
  const { index } = searches.subject;
  if (await isServed(session, searches, setting)) return true;
  await session.query(setLocal(dearer[index.type]));
  const enforced = await serving(session, searches, setting);
  if (isOf(searches, enforced)) return false;
  throw new UsageError(
    `index ${index.shown} does not serve these searches: ${enforced === undefined ? 'no index does' : `${enforced} does`}`,
    {
      code: 'not-served',
      hint:
        index.predicate === null
          ? 'drop the other index, or measure that one'
          : `it is partial: name its condition, --where ${shellWord(index.predicate)}`,
    },
  );
}

/** Whether the planner answers by the index, with what is set in the transaction. */
export async function isServed(
  session: Session,
  searches: Searches,
  setting: IndexSetting,
): Promise<boolean> {
  await apply(session, searches, setting);
  return isOf(searches, await serving(session, searches, setting));
}

/** Every other way than the index, and the widest search of the other kind of index. */
const others = { enable_seqscan: 'off', enable_sort: 'off', enable_bitmapscan: 'off' };
const dearer: Record<IndexType, Record<string, string>> = {
  hnsw: { ...others, 'ivfflat.probes': '32768' },
  ivfflat: { ...others, 'hnsw.ef_search': '1000' },
};

function serving(session: Session, searches: Searches, setting: IndexSetting): Promise<string | undefined> {
  return indexOf(session, nearest(askedOf(searches, setting), searches.queries.vectors[0]!));
}

/** A plan names the parts of a partitioned index. */
function isOf({ subject: { index } }: Searches, name: string | undefined): boolean {
  return index.leaves.some((leaf) => leaf.name === name);
}
