import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { type Relation, relationsCalled } from '../../sql/index-catalogue.ts';
import { findTable } from '../tables.ts';
import { type CatalogueIndex, readIndexes } from './catalogue.ts';
import { isLeftoverAmong } from './leftovers.ts';

/**
 * The vector index of this name.
 * @param name `[schema.]name`; without a schema, the search path decides
 * @param table that it must be on, as -t takes it; undefined: any
 * @throws UsageError where there is none, or something else has the name: with what it is, and the names there are
 */
export async function findIndex(
  session: Session,
  name: string,
  table: string | undefined,
): Promise<CatalogueIndex> {
  const wanted = parseTableName(name);
  const { rows } = await session.query<Relation>(relationsCalled(wanted.name));
  const found = rows.find(({ schema, visible }) =>
    wanted.schema === undefined ? visible : schema === wanted.schema,
  );
  if (found === undefined) throw await noSuchIndex(session, name);
  const isVectorIndex = found.method === 'hnsw' || found.method === 'ivfflat';
  if (found.tableOid === null || !isVectorIndex) throw await noVectorIndex(session, name, found);
  const on = table === undefined ? undefined : await findTable(session, table);
  const indexes = await readIndexes(session, on?.oid ?? found.tableOid);
  const index = indexes.find(({ oid }) => oid === found.oid);
  if (index !== undefined) return index;
  throw new UsageError(`index ${name} is not on ${table}, but on ${found.table}`, {
    code: 'no-index',
    hint: on === undefined ? undefined : namesOf(indexes),
  });
}

/**
 * The vector indexes of a table, without the parts of partitioned ones, and what a failed REINDEX has left.
 * @throws UsageError where it has none
 */
export async function findIndexesOf(session: Session, table: string | undefined): Promise<CatalogueIndex[]> {
  const { oid, shown } = await findTable(session, table);
  const all = await readIndexes(session, oid);
  const indexes = all.filter((index) => index.parentOid === null && !isLeftoverAmong(index, all));
  if (indexes.length > 0) return indexes;
  throw new UsageError(`${shown} has no vector index`, {
    code: 'no-index',
    hint: `\`pgv index create -t ${shellWord(shown)}\` makes one`,
  });
}

async function noSuchIndex(session: Session, name: string): Promise<UsageError> {
  return new UsageError(`index ${name} does not exist`, { code: 'no-index', hint: await allNames(session) });
}

async function noVectorIndex(session: Session, name: string, found: Relation): Promise<UsageError> {
  return new UsageError(`${name} is ${whatIs(found)}, no vector index`, {
    code: 'not-a-vector-index',
    hint: found.tableOid === null ? await allNames(session) : '`pgv sql` runs any statement on it',
  });
}

function whatIs({ kind, method, table, constraint }: Relation): string {
  if (table !== null) {
    const use = constraint === null ? '' : `, on which the constraint ${constraint} rests`;
    return `a ${method} index of ${table}${use}`;
  }
  return (
    { r: 'a table', p: 'a partitioned table', v: 'a view', m: 'a materialized view', S: 'a sequence' }[
      kind
    ] ?? 'something else'
  );
}

async function allNames(session: Session): Promise<string> {
  return namesOf(await readIndexes(session, undefined));
}

/** Names for a hint, which stays a line. */
function namesOf(indexes: readonly CatalogueIndex[]): string {
  const names = indexes.filter(({ parentOid }) => parentOid === null).map(({ shown }) => shown);
  if (names.length === 0) return 'there is no vector index yet: `pgv index create` makes one';
  const rest = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 10).join(', ')}${rest}`;
}
