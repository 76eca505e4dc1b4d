import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import type { PendingIndex } from '../../sql/deferred-indexes.ts';
import { setLocal } from '../../sql/search.ts';
import { type Metric, metricOfOperatorClass } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';
import { findPendingIndexes, missingIndexes } from '../deferred-indexes/pending.ts';
import { orLater } from '../lock-holders.ts';
import { displayName, findTable } from '../tables.ts';
import { vacuumDue } from '../vacuum/due.ts';
import { type CatalogueIndex, optionsOf, readIndexes } from './catalogue.ts';

/** `missing`: a load has dropped it and not built it again. */
export type IndexState = 'valid' | 'invalid' | 'building' | 'missing';

/** A vector index; a partitioned one with its parts summed. */
export interface ListedIndex {
  /** `[schema.]name`, as commands take it. */
  name: string;
  table: string;
  type: string;
  /** Null where it indexes an expression that is no quantised column. */
  column: string | null;
  quantization: Quantization;
  /** By which it orders: of a binary one hamming. */
  metric: Metric | null;
  operatorClass: string | null;
  /** `m`, `ef_construction`, `lists`, where they were given. */
  options: Readonly<Record<string, number>>;
  /** Of a partial index. */
  predicate: string | null;
  state: IndexState;
  /** How far its build is; null where none runs, or the role may not know. */
  progress: { phase: string; done: number | null; total: number | null } | null;
  /** On how many partitions; null where its table has none. */
  partitions: number | null;
  /** Null while somebody has it all alone. */
  bytes: number | null;
  /** That it holds, and of the whole table, as last counted; null: never. */
  rows: number | null;
  tableRows: number | null;
  /** Searches that it served since the counters began, and when the last one began (PostgreSQL 16 and later). */
  scans: number;
  lastScan: string | null;
}

/**
 * The vector indexes of a table, or of all tables, by table and name, with what loads have dropped and not built again.
 * @param table undefined: all
 */
export async function listIndexes(
  database: Database,
  table: string | undefined,
  reporter: Reporter,
): Promise<ListedIndex[]> {
  const found = table === undefined ? undefined : await findTable(database, table);
  const indexes = await database.transaction(async (session) => {
    await session.query(setLocal({ lock_timeout: String(session.limits.lock) }));
    return readIndexes(session, found?.oid).catch((error: unknown) => {
      throw orLater(error);
    });
  });
  if (database.target.kind === 'embedded') await noteDue(database, indexes, reporter);
  const listed = indexes.filter(({ parentOid }) => parentOid === null).map(asListed);
  return [...listed, ...(await listMissing(database, found, reporter))];
}

/** An embedded database has nobody who vacuums it; rows that are dead, or new, make searches by an index worse. */
async function noteDue(
  database: Database,
  indexes: readonly CatalogueIndex[],
  reporter: Reporter,
): Promise<void> {
  const tables = new Map(indexes.map(({ tableOid, shownTable }) => [tableOid, shownTable]));
  for (const [oid, name] of tables) {
    const { due, reason } = await vacuumDue(database, { oid });
    if (due) reporter.note(`${name} is due for \`pgv vacuum ${shellWord(name)}\`: ${reason}`);
  }
}

function asListed(index: CatalogueIndex): ListedIndex {
  const { leaves } = index;
  const building = leaves.find(({ phase }) => phase !== null);
  return {
    name: index.shown,
    table: index.shownTable,
    type: index.type,
    column: index.column,
    quantization: index.quantization,
    metric: index.metric ?? null,
    operatorClass: index.operatorClass,
    options: index.options,
    predicate: index.predicate,
    state: stateOf(index),
    progress:
      building === undefined ? null : { phase: building.phase!, done: building.done, total: building.total },
    partitions: index.partitioned ? leaves.length : null,
    bytes: sum(leaves.map(({ bytes }) => bytes)),
    rows: sum(leaves.map(({ rows }) => rows)),
    tableRows: sum(leaves.map(({ tableRows }) => tableRows)),
    scans: sum(leaves.map(({ scans }) => scans)) ?? 0,
    lastScan: leaves.map(({ lastScan }) => lastScan).reduce(later, null),
  };
}

/** Of a partitioned index, invalid says that a partition lacks it. */
function stateOf({ valid, building, leaves }: CatalogueIndex): IndexState {
  if (building || leaves.some((leaf) => leaf.building)) return 'building';
  return valid && leaves.every((leaf) => leaf.valid) ? 'valid' : 'invalid';
}

/** Null where one of them is unknown. */
function sum(values: readonly (number | null)[]): number | null {
  return values.includes(null) ? null : values.reduce<number>((total, value) => total + value!, 0);
}

function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(other) > Date.parse(one) ? other : one;
}

/** The vector indexes among what loads have dropped; the others are told of too, as they are missing just as much. */
async function listMissing(
  database: Database,
  table: { oid: number } | undefined,
  reporter: Reporter,
): Promise<ListedIndex[]> {
  const pending = await findPendingIndexes(database, table);
  const missing = pending.filter(({ taken }) => taken !== 'index');
  for (const oid of new Set(missing.map(({ tableOid }) => tableOid))) {
    const ofTable = missing.filter(({ tableOid }) => tableOid === oid);
    reporter.warn(missingIndexes(ofTable[0]!.table, ofTable));
  }
  return missing.filter(({ method }) => method === 'hnsw' || method === 'ivfflat').map(asMissing);
}

function asMissing({ schema, name, table, method, definition, parameters }: PendingIndex): ListedIndex {
  const operatorClass = /\w+_ops\b/.exec(definition)?.[0] ?? null;
  return {
    name: displayName({ schema, name }),
    table: displayName({ schema, name: table }),
    type: method,
    column: null,
    quantization: 'none',
    metric: operatorClass === null ? null : (metricOfOperatorClass(operatorClass) ?? null),
    operatorClass,
    options: optionsOf(parameters),
    predicate: null,
    state: 'missing',
    progress: null,
    partitions: null,
    bytes: null,
    rows: null,
    tableRows: null,
    scans: 0,
    lastScan: null,
  };
}
