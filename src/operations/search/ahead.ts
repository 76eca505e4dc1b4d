import type { Database, QueryResult, Session, Statement } from '../../database/database.ts';
import { findDeferredIndexes, pendingIndexes } from '../../sql/deferred-indexes.ts';
import { findExtension } from '../../sql/extension.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { vectorIndexesOf } from '../../sql/indexes.ts';
import { columnsOf, primaryKeyOf, tablesNamed } from '../../sql/tables.ts';

/**
 * The database, with answers at hand to what a search asks of the catalogue: had in two round trips, where one question
 * after the other takes seven, and longer than the search.
 * @param table `[schema.]name`; undefined: it has to be found first, and nothing is asked
 */
export async function withCatalogueAhead(database: Database, table: string | undefined): Promise<Session> {
  // The embedded one is near.
  if (table === undefined || database.target.kind === 'embedded') return database;
  const answers = new Map<string, QueryResult<object>>();
  const ask = async (statements: readonly Statement[]) => {
    const results = await database.readTogether(statements);
    for (const [i, statement] of statements.entries()) answers.set(keyOf(statement), results[i]!);
    return results;
  };
  const [tables, , ledger] = await ask([
    tablesNamed(parseTableName(table).name),
    findExtension(),
    findDeferredIndexes(),
  ]);
  const oids = tables!.rows.map(({ oid }) => oid as number);
  if (oids.length === 1) {
    const [oid] = oids as [number];
    const questions = [columnsOf(oid), primaryKeyOf(oid), vectorIndexesOf(oid)];
    await ask(ledger!.rows[0]?.readable ? [...questions, pendingIndexes(oid)] : questions);
  }
  return {
    limits: database.limits,
    query: async <Row extends object>(statement: Statement | string) =>
      (answers.get(keyOf(statement)) as QueryResult<Row> | undefined) ?? database.query<Row>(statement),
    copyIn: (sql, chunks) => database.copyIn(sql, chunks),
    copyOut: (sql, take) => database.copyOut(sql, take),
  };
}

function keyOf(statement: Statement | string): string {
  return JSON.stringify(typeof statement === 'string' ? statement : [statement.text, statement.values]);
}
