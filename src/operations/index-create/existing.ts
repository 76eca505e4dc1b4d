import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import {
  type IndexDefinition,
  relationNamed,
  scratchIndex,
  scratchPredicate,
  scratchTable,
} from '../../sql/indexes.ts';
import { displayName } from '../tables.ts';
import { findVectorIndexes, type VectorIndex } from '../vector-indexes.ts';
import type { IndexPlan } from './plan.ts';
import { type Parameters, parameterDefaults } from './request.ts';

/** What is looked for. */
export type Wanted = Pick<IndexPlan, 'definition' | 'asked'> & {
  /** Its condition as the server writes it (predicateOf). */
  predicate: string | null;
};

/** The valid index that is what was asked for, under whatever name. */
export async function findSame(
  session: Session,
  table: { oid: number },
  wanted: Wanted,
): Promise<VectorIndex | undefined> {
  return (await findAlike(session, table, wanted))[0];
}

/** The valid indexes of a table, or of a partition of it, that are what was asked for. */
export async function findAlike(
  session: Session,
  table: { oid: number },
  { definition, asked, predicate }: Wanted,
): Promise<VectorIndex[]> {
  const indexes = await findVectorIndexes(session, table);
  return indexes.filter(
    (index) => index.valid && isAlike(index, definition, asked) && index.predicate === predicate,
  );
}

/**
 * What a failed build left under the new index's name; undefined where the name is free.
 * @throws UsageError where something else has the name; DatabaseError where another session builds it right now
 */
export async function findLeftover(
  session: Session,
  table: { oid: number; schema: string },
  { name }: Pick<IndexDefinition, 'name'>,
): Promise<VectorIndex | undefined> {
  const indexes = await findVectorIndexes(session, table);
  const named = indexes.find((index) => index.name === name);
  if (named?.building) {
    throw new DatabaseError(`index ${named.name} is being built right now by another session`, {
      code: 'index-building',
      hint: 'wait for it: `pgv index create` again says when it is there',
    });
  }
  if (named !== undefined && !named.valid) return named;
  const { rows: holders } = await session.query(relationNamed({ schema: table.schema, name }));
  if (holders.length === 0) return undefined;
  throw new UsageError(
    `${name} is there already${named === undefined ? '' : `, but other: ${described(named)}`}`,
    { code: 'name-taken', hint: 'choose another name with --name, or drop that one first' },
  );
}

/** A table's INVALID indexes that nobody is building, as commands take them; they take room, and part in every write. */
export async function findInvalid(
  session: Session,
  table: { oid: number; schema: string },
): Promise<string[]> {
  const indexes = await findVectorIndexes(session, table);
  return indexes
    .filter(({ valid, building }) => !valid && !building)
    .map((index) => displayName({ ...index, schema: table.schema }));
}

/** The same kind of index on the same column; parameters that were not asked for may be anything. */
export function isAlike(
  index: VectorIndex,
  wanted: Pick<IndexDefinition, 'type' | 'column' | 'operatorClass' | 'quantized'>,
  asked: Parameters,
): boolean {
  return (
    index.type === wanted.type &&
    index.column === wanted.column &&
    index.quantization === (wanted.quantized?.quantization ?? 'none') &&
    index.operatorClass === wanted.operatorClass.name &&
    Object.entries(asked).every(([name, value]) => parameterOf(index, name) === value)
  );
}

function parameterOf(index: VectorIndex, name: string): number | undefined {
  const set = index.parameters.find((each) => each.startsWith(`${name}=`));
  return set === undefined ? parameterDefaults[name] : Number(set.slice(name.length + 1));
}

/**
 * A condition as the server itself writes it, which is how an index's own is told; null where there is none.
 * @throws UsageError for one that an index cannot have
 */
export async function predicateOf(
  database: Database,
  table: { schema: string; name: string },
  where: string | undefined,
): Promise<string | null> {
  if (where === undefined) return null;
  const undo = new Error('nothing of the scratch table shall stay');
  let predicate: string | null = null;
  try {
    await database.transaction(async (session) => {
      await session.query(scratchTable(table));
      await session.query(scratchIndex(where));
      const { rows } = await session.query<{ predicate: string | null }>(scratchPredicate());
      predicate = rows[0]?.predicate ?? null;
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw wrongCondition(error);
  }
  return predicate;
}

/** What came of a query or an index with the user's condition, as wrong usage where that is to blame. */
export function wrongCondition(error: unknown): unknown {
  if (!(error instanceof PgvError) || !/^42(?!501)|^22/.test(error.sqlstate ?? '')) return error;
  return new UsageError(`--where: ${error.message}`, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? "an index takes a condition on the table's own columns, without subqueries or now()",
    cause: error,
  });
}

function described({
  type,
  column,
  quantization,
  operatorClass,
  parameters,
  predicate,
}: VectorIndex): string {
  const as = quantization === 'none' ? '' : ` (${quantization})`;
  const options = parameters.length > 0 ? ` with ${parameters.join(', ')}` : '';
  return `${type} on ${column ?? 'an expression'}${as} ${operatorClass}${options}${predicate === null ? '' : ` where ${predicate}`}`;
}
