import type { Session } from '../../database/database.ts';
import { describeTable, findTable } from '../tables.ts';
import { type DescribedLoad, describeLoads } from './describe-loads.ts';
import { recordedLoads, requireAccess } from './ledger.ts';

/**
 * What has been ingested, the newest first; nothing where there is no ledger.
 * @param table `[schema.]name` of one that is there, or was: then a table of that name that is gone counts too
 * @throws UsageError where nothing of that name is there or was; DatabaseError where the role may not read the ledger
 */
export async function listLoads(session: Session, table: string | undefined): Promise<DescribedLoad[]> {
  const loads = (await requireAccess(session, 'readable')) ? await recordedLoads(session, undefined) : [];
  if (table === undefined) return describeLoads(session, loads);
  const present = await describeTable(session, table);
  const about = loads.filter(
    ({ tableOid, tableName }) =>
      tableOid === present?.oid || tableName === table || tableName.endsWith(`.${table}`),
  );
  if (about.length === 0 && present === undefined) await findTable(session, table);
  return describeLoads(session, about);
}
