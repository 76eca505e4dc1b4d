import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { parseTableName, quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { areRelated, whichDatabase } from '../../sql/same-table.ts';
import { hasRows } from '../../sql/tables.ts';
import { currentSchema, type TableDescription } from '../tables.ts';

/**
 * The table that rows go into where the user does not say: of the same name, in its schema where he said so, or where that
 * is not the one that new tables go into.
 * @param asked how the user named the table that they come from
 */
export async function sameName(
  from: Database,
  { schema, name }: TableDescription,
  asked: string | undefined,
): Promise<string> {
  if (asked !== undefined && parseTableName(asked).schema === undefined) return quoteName(name);
  return asked === undefined && schema === (await currentSchema(from))
    ? quoteName(name)
    : quoteQualified(schema, name);
}

/** @throws UsageError where a table would be copied into itself, or into a part of itself */
export async function refuseSameTable(
  from: Database,
  source: TableDescription,
  to: Database,
  existing: TableDescription | undefined,
): Promise<void> {
  if (existing === undefined || from.target.kind === 'embedded' || to.target.kind === 'embedded') return;
  const here = await which(from);
  const there = await which(to);
  if (here.server !== there.server || here.database !== there.database) return;
  const { rows } = await to.query<{ related: boolean }>(areRelated(source.oid, existing.oid));
  if (!rows[0]!.related) return;
  const itself = source.oid === existing.oid;
  throw new UsageError(
    itself
      ? `${source.name} would be copied into itself`
      : `${source.name} would be copied into ${existing.shown}, and one is a part of the other`,
    { code: 'same-table', hint: 'name another table with --to-table, or another database' },
  );
}

async function which(database: Database): Promise<{ server: string; database: number }> {
  return (await database.query<{ server: string; database: number }>(whichDatabase)).rows[0]!;
}

/** @throws UsageError where there are rows, which would then be there beside those that are copied, or twice */
export async function refuseFilled(to: Database, existing: TableDescription): Promise<void> {
  const table = quoteQualified(existing.schema, existing.name);
  const { rows } = await to.query<{ any: boolean }>(hasRows(table));
  if (!rows[0]!.any) return;
  throw new UsageError(`table ${existing.shown} of ${to.target.description} holds rows already`, {
    code: 'filled-table',
    hint: '--truncate empties it first; --on-conflict skip or update goes by its key, --on-conflict error adds to what is there',
  });
}
