import type { Statement } from '../../database/database.ts';
import { createTable } from '../../sql/create-table.ts';
import { createExtension } from '../../sql/extension.ts';
import { indexStatements, requireIndexable } from './index-plan.ts';
import { type InitRequest, requirePlan } from './init.ts';
import { tableDefinition } from './plan.ts';

/** What init would run on an empty database whose search path finds the extension. */
export function initStatements({ table, plan, index }: InitRequest): Statement[] {
  if (table === undefined) return [createExtension()];
  const known = requirePlan(table, plan);
  if (index !== undefined) requireIndexable(known, index);
  return [
    createExtension(),
    createTable(tableDefinition(known, undefined)),
    ...(index === undefined ? [] : indexStatements(known, index)),
  ];
}
