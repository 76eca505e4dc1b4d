import type { Database, Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { rowPlace } from '../../sql/recall.ts';
import { type NearestQuery, qualifiedOperator } from '../../sql/search.ts';
import { operatorOf } from '../../vector/metrics.ts';
import { metricsServed } from '../../vector/quantization.ts';
import { requireVectorExtension } from '../extension.ts';
import type { MeasuredIndex } from '../index-tune/result.ts';
import type { CatalogueIndex } from '../index-upkeep/catalogue.ts';
import { findIndex, findIndexesOf } from '../index-upkeep/find.ts';
import { type Conditions, nearestQuery } from '../search/request.ts';
import type { Subject } from '../search/subject.ts';
import { findTable, type VectorColumn } from '../tables.ts';

export interface IndexSubjectOptions {
  /** `[schema.]name`; default: the only one. */
  index?: string | undefined;
  table?: string | undefined;
  vectorColumn?: string | undefined;
}

/** An index, and the searches that it is to serve. */
export interface IndexSubject extends Subject {
  index: CatalogueIndex;
}

/** Which index a result tells of. */
export const measuredIndex = (
  { target }: Database,
  { index, column, metric }: IndexSubject,
): MeasuredIndex => ({
  database: target.description,
  table: index.shownTable,
  column: column.name,
  index: index.shown,
  type: index.type,
  metric,
});

/** @throws UsageError where there is no such index, several, or none that can serve */
export async function findIndexSubject(
  session: Session,
  options: IndexSubjectOptions,
): Promise<IndexSubject> {
  const index =
    options.index === undefined
      ? await onlyIndex(session, options)
      : await findIndex(session, options.index, options.table);
  if (!index.valid) {
    throw new UsageError(
      `index ${index.shown} is ${index.building ? 'being built' : 'INVALID'}, and serves nothing`,
      {
        code: 'invalid-index',
        hint: hintOnInvalid(index),
      },
    );
  }
  const table = await findTable(session, index.shownTable);
  const column = table.columns.find(
    (each): each is VectorColumn => each.name === index.column && each.vector !== undefined,
  );
  const [metric] = index.metric === undefined ? [] : metricsServed(index.metric, index.quantization);
  if (column === undefined || metric === undefined) {
    throw new UsageError(`index ${index.shown} is on an expression of its own, which searches do not name`, {
      code: 'other-index',
      hint: 'indexes on a column, on its halfvec or on its binary_quantize are understood',
    });
  }
  const { schema } = await requireVectorExtension(session);
  const { quantization, dimensions } = index;
  return {
    index,
    table,
    column,
    metric,
    operator: qualifiedOperator(schema, operatorOf(metric)),
    quantized: quantization === 'none' ? undefined : { quantization, dimensions },
    otherwise: [],
    extensionSchema: schema,
    key: [],
    shown: [],
  };
}

function hintOnInvalid({ building, partitioned, shown, shownTable }: CatalogueIndex): string {
  if (building) return 'wait for it';
  if (!partitioned) return `\`pgv index reindex ${shellWord(shown)}\` builds it again`;
  return `\`pgv index drop ${shellWord(shown)}\`, then \`pgv index create -t ${shellWord(shownTable)}\` makes one on all partitions`;
}

async function onlyIndex(
  session: Session,
  { table, vectorColumn }: IndexSubjectOptions,
): Promise<CatalogueIndex> {
  const all = await findIndexesOf(session, table);
  const indexes = all.filter(({ column }) => vectorColumn === undefined || column === vectorColumn);
  const [first, ...more] = indexes;
  if (first !== undefined && more.length === 0) return first;
  const names = all.map(({ shown }) => shown).join(', ');
  throw new UsageError(
    first === undefined
      ? `no vector index is on ${vectorColumn}`
      : `table ${first.shownTable} has ${indexes.length} vector indexes: ${names}`,
    {
      code: first === undefined ? 'no-index' : 'ambiguous-index',
      hint: first === undefined ? `there is ${names}` : `name one, for example ${shellWord(first.shown)}`,
    },
  );
}

/** What is asked of the index, but for the vector; rows are told by their place. */
export function queryOf(
  subject: IndexSubject,
  conditions: Conditions,
  k: number,
  rerank?: number,
): NearestQuery {
  return { ...nearestQuery(subject, { ...conditions, k, rerank }), key: rowPlace };
}

/** Whether conditions leave out rows that the index holds: a partial index's own does not. */
export function isFiltered({ where, tenant }: Conditions, { index }: IndexSubject): boolean {
  return tenant !== undefined || (where !== undefined && where !== index.predicate);
}

/**
 * The conditions of searches that a partial index is for: its own, where none is named.
 * @param note tells of it
 */
export function withPredicate<Given extends Conditions>(
  given: Given,
  { index }: IndexSubject,
  note: (line: string) => void,
): Given {
  if (index.predicate === null || given.where !== undefined) return given;
  note(`index ${index.shown} is partial, so searches are for rows where ${index.predicate}`);
  return { ...given, where: index.predicate };
}
