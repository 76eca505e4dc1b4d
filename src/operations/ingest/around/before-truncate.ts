import type { Session } from '../../../database/database.ts';
import { DatabaseError, UsageError } from '../../../errors.ts';
import { truncateObstacles } from '../../../sql/truncate.ts';
import type { TableDescription } from '../../tables.ts';

interface Obstacles {
  allowed: boolean;
  referencing: string[];
}

/**
 * Whether --truncate can empty the table, asked before anything is read or stored.
 * @param options `tenant`: the load is about one tenant's rows
 * @throws UsageError, DatabaseError where it cannot, or would take rows that are not the load's to take
 */
export async function checkTruncate(
  session: Session,
  table: TableDescription,
  options: { tenant: boolean },
): Promise<void> {
  if (options.tenant || table.rowSecurity) throw othersRows(table, options.tenant);
  const { rows } = await session.query<Obstacles>(truncateObstacles(table.oid));
  const { allowed, referencing } = rows[0]!;
  if (!allowed) {
    throw new DatabaseError(`the role may not truncate ${table.shown}`, {
      code: 'permission',
      sqlstate: '42501',
      hint: `have it granted: GRANT TRUNCATE ON ${table.shown} TO the role; or use --on-conflict update --delete-missing`,
    });
  }
  if (referencing.length === 0) return;
  throw new UsageError(
    `--truncate cannot empty ${table.shown}: foreign keys of ${referencing.join(', ')} refer to its rows`,
    {
      code: 'referenced-table',
      sqlstate: '0A000',
      hint: 'use --on-conflict update --delete-missing, which keeps the rows that the file still has',
    },
  );
}

function othersRows({ name }: TableDescription, tenant: boolean): UsageError {
  const reason = tenant ? '--tenant is about one of them' : 'row security shows the role only its own';
  return new UsageError(`--truncate would empty ${name} of every tenant's rows, and ${reason}`, {
    code: 'others-rows',
    hint: '--on-conflict update --delete-missing removes rows of this tenant alone',
  });
}
