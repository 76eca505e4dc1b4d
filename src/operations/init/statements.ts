import type { Statement } from '../../database/database.ts';
import { createTable } from '../../sql/create-table.ts';
import { createExtension } from '../../sql/extension.ts';
import { type InitRequest, requirePlan } from './init.ts';
import { tableDefinition } from './plan.ts';

/** What init would run on an empty database whose search path finds the extension. */
export function initStatements({ table, plan }: InitRequest): Statement[] {
  if (table === undefined) return [createExtension()];
  return [createExtension(), createTable(tableDefinition(requirePlan(table, plan), undefined))];
}
