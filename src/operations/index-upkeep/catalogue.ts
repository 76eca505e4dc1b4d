import type { Session } from '../../database/database.ts';
import { type CatalogueRow, indexCatalogue } from '../../sql/index-catalogue.ts';
import { quantizedColumn } from '../../sql/quantized.ts';
import { type Metric, metricOfOperatorClass } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';
import { displayName } from '../tables.ts';

/** A vector index with the parts of it that lie on partitions. */
export interface CatalogueIndex extends CatalogueRow {
  /** `[schema.]name`, as commands take it. */
  shown: string;
  /** The same of its table. */
  shownTable: string;
  quantization: Quantization;
  /** By which it orders: of a binary one hamming. */
  metric: Metric | undefined;
  /** `m`, `ef_construction`, `lists`, where they were given. */
  options: Readonly<Record<string, number>>;
  /** Those that have pages; itself alone where it is not partitioned. */
  leaves: CatalogueIndex[];
}

/**
 * The vector indexes of a table and of its partitions, the parts of partitioned indexes among them.
 * @param tableOid undefined: of all tables in the role's reach
 */
export async function readIndexes(session: Session, tableOid: number | undefined): Promise<CatalogueIndex[]> {
  const { rows } = await session.query<CatalogueRow>(indexCatalogue(tableOid));
  const indexes = rows.map(fromRow);
  for (const index of indexes) index.leaves = leavesOf(index, indexes);
  return indexes;
}

/** An index as it is now, by its name: REINDEX CONCURRENTLY gives that to a new one; undefined: it is gone. */
export async function findAgain(
  session: Session,
  { schema, name, tableOid }: Pick<CatalogueIndex, 'schema' | 'name' | 'tableOid'>,
): Promise<CatalogueIndex | undefined> {
  const indexes = await readIndexes(session, tableOid);
  return indexes.find((each) => each.schema === schema && each.name === name);
}

function fromRow(row: CatalogueRow): CatalogueIndex {
  const quantized = row.expression === null ? undefined : quantizedColumn(row.expression);
  return {
    ...row,
    column: quantized?.column ?? row.column,
    quantization: quantized?.quantization ?? 'none',
    metric: metricOfOperatorClass(row.operatorClass),
    options: optionsOf(row.parameters),
    shown: displayName(row),
    shownTable: displayName({ schema: row.schema, name: row.table, visible: row.tableVisible }),
    leaves: [],
  };
}

/** `m=16` and the like. */
export function optionsOf(parameters: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    parameters.map((each) => {
      const [name, value] = each.split('=');
      return [name!, Number(value)];
    }),
  );
}

function leavesOf(index: CatalogueIndex, all: readonly CatalogueIndex[]): CatalogueIndex[] {
  if (!index.partitioned) return [index];
  return all.filter(({ parentOid }) => parentOid === index.oid).flatMap((part) => leavesOf(part, all));
}
