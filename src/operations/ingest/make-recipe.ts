import type { Session } from '../../database/database.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { textReader } from '../../values/types.ts';
import { valueType } from '../value-type.ts';
import type { Prepared } from './fit-table.ts';
import { settleConstants } from './mapping/settle-constants.ts';
import type { Recipe } from './recipe.ts';
import { sessionFacts } from './session-facts.ts';

/** How the lanes store what they read. */
export type Storing = Pick<
  Recipe,
  | 'input'
  | 'embedding'
  | 'copyInto'
  | 'numbered'
  | 'ledger'
  | 'beforeFirst'
  | 'onError'
  | 'patience'
  | 'stallAfter'
>;

/** What the lanes must know. */
export async function makeRecipe(
  session: Session,
  file: OpenedFile,
  { columns, plan }: Prepared,
  storing: Storing,
): Promise<Recipe> {
  const facts = await sessionFacts(session);
  const composed = plan.composed && (await settleConstants(session, plan.composed, columns));
  const known = columns.every(
    (column) => textReader(valueType(column), { ...facts, canonical: false }) !== undefined,
  );
  const road = file.valuesBy ?? (known ? 'binary' : 'text');
  return { layout: file.layout, columns: plan.decoded, composed, road, session: facts, ...storing };
}
