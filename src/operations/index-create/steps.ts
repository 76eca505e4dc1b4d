import type { Database, Statement } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { type PartitionRow, parentsOfIndexes, partitionsOf } from '../../sql/index-build.ts';
import { createIndex, dropIndex } from '../../sql/indexes.ts';
import { resetSetting, setSetting } from '../../sql/settings.ts';
import { displayName, type TableDescription, type VectorColumn } from '../tables.ts';
import type { Build } from './build.ts';
import { findAlike, findLeftover, type Wanted } from './existing.ts';
import { nameOnPartition } from './names.ts';
import { defaultLists, type IndexPlan } from './plan.ts';
import { type BuildOptions, planResources, vectorsIn } from './resources.ts';

/** What is to be indexed, and how. */
export interface Work extends IndexPlan, Wanted {
  table: TableDescription;
  column: VectorColumn;
  /** Whether the table stays in use. */
  concurrently: boolean;
}

/** An index on one table, and what a failed build has left under its name. */
export interface Step extends Build {
  leftover: string | undefined;
}

/**
 * The builds that the index takes, in order. A partitioned table that is in use gets its partitions' indexes one by
 * one; its own, which comes last, is made of them in a moment. So whatever interrupts it leaves whole indexes, with
 * which the next try begins.
 */
export async function planSteps(database: Database, work: Work, options: BuildOptions): Promise<Step[]> {
  const { table, definition, concurrently } = work;
  if (concurrently && table.kind === 'partitioned table') return planPartitions(database, work, options);
  return [await planStep(database, work, table, definition, options)];
}

/** The same as SQL. */
export function stepStatements(steps: readonly Step[]): Statement[] {
  return steps.flatMap(({ definition, table, resources: { settings }, leftover }) => [
    ...(leftover === undefined
      ? []
      : [dropIndex({ schema: table.schema, name: leftover }, definition.concurrently)]),
    ...Object.entries(settings).map(([name, value]) => setSetting(name, value)),
    createIndex(definition),
    ...Object.keys(settings).map(resetSetting),
  ]);
}

async function planStep(
  database: Database,
  { column, concurrently }: Work,
  table: Build['table'],
  planned: IndexPlan['definition'],
  options: BuildOptions,
): Promise<Step> {
  const definition = { ...planned, concurrently };
  const leftover = await findLeftover(database, table, definition);
  const resources = await planResources(database, { oid: table.oid, definition, column }, options);
  return { table, definition, resources, leftover: leftover?.name };
}

async function planPartitions(database: Database, work: Work, options: BuildOptions): Promise<Step[]> {
  const { table, definition } = work;
  // Its name is taken last, which is no time to learn that it cannot be.
  const incomplete = await findLeftover(database, table, definition);
  if (incomplete !== undefined) {
    throw new UsageError(`index ${incomplete.name} is there already, and not on every partition`, {
      code: 'name-taken',
      hint: `\`pgv index drop ${shellWord(displayName({ ...incomplete, schema: table.schema }))}\` drops it, or attach what it lacks (ALTER INDEX … ATTACH PARTITION)`,
    });
  }
  const { rows: partitions } = await database.query<PartitionRow>(partitionsOf(table.oid));
  const steps: Step[] = [];
  for (const partition of partitions) {
    // PostgreSQL takes any that is by itself and alike for its part of the whole.
    const loose = await withoutParents(database, await findAlike(database, partition, work));
    if (loose.length > 0) continue;
    const own = await onPartition(database, work, partition);
    steps.push(await planStep(database, work, { ...partition, shown: displayName(partition) }, own, options));
  }
  const whole = { ...definition, concurrently: false };
  const settings = { lock_timeout: String(database.limits.lock) };
  const resources = {
    rows: 0,
    needed: 0,
    given: 0,
    workers: 0,
    seconds: 0,
    settings,
    tableWorkers: undefined,
  };
  return [...steps, { table, definition: whole, resources, leftover: undefined }];
}

async function withoutParents<T extends { oid: number }>(
  database: Database,
  indexes: readonly T[],
): Promise<T[]> {
  const { rows } = await database.query<{ index: number }>(parentsOfIndexes(indexes.map(({ oid }) => oid)));
  return indexes.filter(({ oid }) => !rows.some(({ index }) => index === oid));
}

/** Named after the partition, and with lists for its own rows. */
async function onPartition(
  database: Database,
  { definition, column, metric, asked }: Work,
  partition: PartitionRow,
): Promise<IndexPlan['definition']> {
  const kind = { ...definition, quantize: definition.quantized?.quantization };
  const own = {
    ...definition,
    table: { schema: partition.schema, name: partition.name },
    name: nameOnPartition(partition, definition.name, column, kind, metric),
  };
  if (own.type !== 'ivfflat' || asked.lists !== undefined) return own;
  return { ...own, parameters: { lists: defaultLists(await vectorsIn(database, partition.oid, own)) } };
}
