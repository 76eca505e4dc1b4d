import type { Statement } from '../../database/database.ts';
import { createTable } from '../../sql/create-table.ts';
import { createExtension } from '../../sql/extension.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { ledgerDefinition } from '../../sql/ledger.ts';
import type { IndexRequest } from '../index-create/request.ts';
import { grantStatements } from './grant.ts';
import { indexStatements, requireIndexable } from './index-plan.ts';
import { type InitRequest, requirePlan } from './init.ts';
import { type TablePlan, tableDefinition } from './plan.ts';

/**
 * What init would run on a database whose search path finds the extension: an empty one, or where nothing but a role's
 * rights is asked for, one that has the table.
 */
export function initStatements(request: InitRequest): Statement[] {
  const { table, plan, index, grant } = request;
  const isThere = grant !== undefined && plan === undefined && index === undefined;
  const made = table === undefined || isThere ? [] : tableStatements(requirePlan(table, plan), index);
  const into = table === undefined ? undefined : parseTableName(table);
  return [
    createExtension(),
    ...ledgerDefinition.map((text) => ({ text })),
    ...made,
    ...(grant === undefined ? [] : grantStatements(grant, into)),
  ];
}

function tableStatements(plan: TablePlan, index: IndexRequest | undefined): Statement[] {
  const table = createTable(tableDefinition(plan, undefined));
  if (index === undefined) return [table];
  requireIndexable(plan, index);
  return [table, ...indexStatements(plan, index)];
}
