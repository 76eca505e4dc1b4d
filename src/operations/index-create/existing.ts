import type { Database } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import {
  type IndexDefinition,
  relationNamed,
  scratchIndex,
  scratchPredicate,
  scratchTable,
} from '../../sql/indexes.ts';
import type { TableDescription } from '../tables.ts';
import { findVectorIndexes, type VectorIndex } from '../vector-indexes.ts';
import { type IndexPlan, type Parameters, parameterDefaults } from './plan.ts';

/** What is in the way of a new index, or makes it needless. */
export interface Existing {
  /** A valid index that is what was asked for. */
  same: VectorIndex | undefined;
  /** What a failed build left under the new index's name. */
  leftover: VectorIndex | undefined;
}

/**
 * Looks for the index itself, under whatever name, and for its name.
 * @throws UsageError where something else has the name; DatabaseError where another session builds it right now
 */
export async function findExisting(
  database: Database,
  table: TableDescription,
  { definition: wanted, asked }: IndexPlan,
): Promise<Existing> {
  const indexes = await findVectorIndexes(database, table);
  const alike = indexes.filter((index) => index.valid && isAlike(index, wanted, asked));
  const predicate = await predicateOf(database, table, wanted.where);
  const same = alike.find((index) => index.predicate === predicate);
  if (same !== undefined) return { same, leftover: undefined };
  const named = indexes.find((index) => index.name === wanted.name);
  if (named?.building) {
    throw new DatabaseError(`index ${named.name} is being built right now by another session`, {
      code: 'index-building',
      hint: 'wait for it: `pgv index create` again says when it is there',
    });
  }
  if (named !== undefined && !named.valid) return { same, leftover: named };
  const { rows: holders } = await database.query(relationNamed({ schema: table.schema, name: wanted.name }));
  if (holders.length === 0) return { same, leftover: undefined };
  throw new UsageError(
    `${wanted.name} is there already${named === undefined ? '' : `, but other: ${described(named)}`}`,
    { code: 'name-taken', hint: 'choose another name with --name, or drop that one first' },
  );
}

/** The same kind of index on the same column; parameters that were not asked for may be anything. */
export function isAlike(
  index: VectorIndex,
  wanted: Pick<IndexDefinition, 'type' | 'column' | 'operatorClass'>,
  asked: Parameters,
): boolean {
  return (
    index.type === wanted.type &&
    index.column === wanted.column &&
    index.quantization === 'none' &&
    index.operatorClass === wanted.operatorClass.name &&
    Object.entries(asked).every(([name, value]) => parameterOf(index, name) === value)
  );
}

function parameterOf(index: VectorIndex, name: string): number | undefined {
  const set = index.parameters.find((each) => each.startsWith(`${name}=`));
  return set === undefined ? parameterDefaults[name] : Number(set.slice(name.length + 1));
}

/** A condition as the server itself writes it, which is how an index's own is told; null where there is none. */
async function predicateOf(
  database: Database,
  table: TableDescription,
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

function wrongCondition(error: unknown): unknown {
  if (!(error instanceof PgvError) || !/^42(?!501)|^22/.test(error.sqlstate ?? '')) return error;
  return new UsageError(`--where: ${error.message}`, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? "an index takes a condition on the table's own columns, without subqueries or now()",
    cause: error,
  });
}

function described({ type, column, operatorClass, parameters, predicate }: VectorIndex): string {
  const options = parameters.length > 0 ? ` with ${parameters.join(', ')}` : '';
  return `${type} on ${column ?? 'an expression'} ${operatorClass}${options}${predicate === null ? '' : ` where ${predicate}`}`;
}
