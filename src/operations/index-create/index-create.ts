import type { Database, Statement } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import { ownsTable } from '../../sql/deferred-indexes.ts';
import { atLeast } from '../../sql/index-build.ts';
import { dropIndex, indexSize } from '../../sql/indexes.ts';
import type { IndexType, Metric } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';
import { dropConcurrently } from '../concurrent-work.ts';
import { warnOfMissingIndexes } from '../deferred-indexes/pending.ts';
import type { TableDescription } from '../tables.ts';
import type { Beside } from '../watch.ts';
import { build } from './build.ts';
import { findInvalid, findSame, wrongCondition } from './existing.ts';
import { tellExpectation } from './expectation.ts';
import type { BuildOptions } from './resources.ts';
import { planSteps, type Step, stepStatements, type Work } from './steps.ts';
import { findSubject, planWork, type Subject, type SubjectOptions } from './subject.ts';
import { withTurn } from './turn.ts';

export interface IndexCreateOptions extends SubjectOptions, BuildOptions {
  /** Makes none where fewer rows have a vector. */
  ifRows?: number | undefined;
}

export interface IndexCreated {
  database: string;
  table: string;
  index: string;
  type: IndexType;
  metric: Metric;
  quantization: Quantization;
  /** Whether this call has made it. */
  created: boolean;
  /** `present`: such an index was there already. `too-few-rows`: there is none, and --if-rows wants more rows. */
  status: 'created' | 'present' | 'too-few-rows';
  seconds: number;
  bytes: number;
  /** Rows in the graph when maintenance_work_mem was full; null: it sufficed. */
  memoryFullAfter: number | null;
}

/** What `createVectorIndex` would run; nothing is run. */
export interface IndexPreview {
  table: string;
  /** Of the index that is there already, or that would be made. */
  index: string;
  status: 'absent' | 'present' | 'too-few-rows';
  statements: Statement[];
  /** Of each index that would be built. */
  steps: Step[];
}

/**
 * What would be done, as it stands now.
 * @throws UsageError where pgvector has no such index, with what to do instead
 */
export async function previewIndex(database: Database, options: IndexCreateOptions): Promise<IndexPreview> {
  const found = await findSubject(database, options);
  const { table } = found;
  if (await hasTooFew(database, found, options)) {
    return { table: table.name, index: found.name, status: 'too-few-rows', statements: [], steps: [] };
  }
  const work = await planWork(database, found, options);
  const same = await findSame(database, table, work);
  if (same !== undefined) {
    return { table: table.name, index: same.name, status: 'present', statements: [], steps: [] };
  }
  const steps = await planSteps(database, work, options);
  const statements = stepStatements(steps);
  return { table: table.name, index: work.definition.name, status: 'absent', statements, steps };
}

/**
 * Makes a vector index, unless it is there already. A build that fails or is interrupted leaves nothing that is not
 * whole; of several at once on one table, one builds and the others wait for it.
 * @throws UsageError where pgvector has no such index, with what to do instead
 */
export async function createVectorIndex(
  database: Database,
  options: IndexCreateOptions,
  reporter: Reporter,
): Promise<IndexCreated> {
  const found = await findSubject(database, options);
  const { table, metric, quantization } = found;
  await warnOfMissingIndexes(database, table, reporter);
  const summary = {
    database: database.target.description,
    table: table.name,
    index: found.name,
    type: options.type,
    metric,
    quantization,
    created: false,
    seconds: 0,
    bytes: 0,
    memoryFullAfter: null,
  };
  if (await hasTooFew(database, found, options)) {
    reporter.note(
      `${table.shown} has fewer than ${options.ifRows!.toLocaleString('en')} vectors: no index yet`,
    );
    return { ...summary, status: 'too-few-rows' };
  }
  const work = await planWork(database, found, options);
  const present = async (): Promise<IndexCreated | undefined> => {
    const same = await findSame(database, table, work);
    if (same === undefined) return undefined;
    reporter.note(`index ${same.name} is there already`);
    const bytes = await sizeOf(database, { schema: table.schema, name: same.name });
    return { ...summary, status: 'present', index: same.name, bytes };
  };
  const there = await present();
  if (there !== undefined) return there;
  return withTurn(database, table, reporter, present, async (beside) => {
    const meanwhile = await present();
    if (meanwhile !== undefined) return meanwhile;
    const started = performance.now();
    const memoryFullAfter = await buildAll(database, beside, work, options, reporter);
    for (const invalid of await findInvalid(database, table)) {
      reporter.warn(
        `index ${invalid} of ${table.shown} is INVALID: it serves nobody and slows writes down; \`pgv index drop ${shellWord(invalid)}\` drops it`,
      );
    }
    const seconds = (performance.now() - started) / 1000;
    const bytes = await sizeOf(database, { schema: table.schema, name: work.definition.name });
    return { ...summary, status: 'created', created: true, seconds, bytes, memoryFullAfter };
  });
}

async function buildAll(
  database: Database,
  beside: Beside | undefined,
  work: Work,
  options: IndexCreateOptions,
  reporter: Reporter,
): Promise<number | null> {
  let full: number | null = null;
  const steps = await planSteps(database, work, options);
  await requireOwner(database, work.table);
  for (const step of steps) {
    const { leftover, definition, table } = step;
    if (leftover !== undefined) {
      reporter.note(`index ${leftover} is what a failed build left: it is replaced`);
      const index = { schema: table.schema, name: leftover };
      await (definition.concurrently
        ? dropConcurrently(database, table, index, reporter)
        : database.query(dropIndex(index, false)));
    }
    tellExpectation({ name: definition.name, table }, step.resources, options, reporter);
    full = (await build(database, beside, step, options, reporter)) ?? full;
  }
  return full;
}

/** @throws DatabaseError where the server would refuse the build, before anything is said of it */
async function requireOwner(database: Database, table: TableDescription): Promise<void> {
  const { rows } = await database.query<{ owns: boolean }>(ownsTable(table.oid));
  if (rows[0]!.owns) return;
  throw new DatabaseError(`the role may not index ${table.shown}: its owner alone may`, {
    code: 'permission',
    sqlstate: '42501',
    hint: 'connect as its owner, or as a role that is a member of it; --sql prints the statements for one',
  });
}

async function hasTooFew(
  database: Database,
  { table, column }: Subject,
  { ifRows, where }: IndexCreateOptions,
): Promise<boolean> {
  if (ifRows === undefined) return false;
  try {
    const { rows } = await database.query<{ enough: boolean }>(atLeast(table, column.name, ifRows, where));
    return !rows[0]!.enough;
  } catch (error) {
    throw where === undefined ? error : wrongCondition(error);
  }
}

async function sizeOf(database: Database, index: { schema: string; name: string }): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(indexSize(index));
  return rows[0]?.bytes ?? 0;
}
