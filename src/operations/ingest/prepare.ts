import type { Database, Session } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { textReader } from '../../values/types.ts';
import { ensureExtension } from '../extension.ts';
import { type ColumnDescription, describeTable, type TableDescription } from '../tables.ts';
import { valueType } from '../value-type.ts';
import { checkColumns } from './mapping/check-columns.ts';
import { checkFilled } from './mapping/check-fields.ts';
import { doubts } from './mapping/doubts.ts';
import { type ColumnPlan, planColumns } from './mapping/plan-columns.ts';
import { settleConstants } from './mapping/settle-constants.ts';
import { type MappedColumn, mapFields } from './mapping.ts';
import {
  createDesigned,
  describeDesign,
  designTable,
  type TableDesign,
  type TableMaker,
} from './new-table.ts';
import type { Recipe } from './recipe.ts';
import { sessionFacts } from './session-facts.ts';
import type { ShapingOptions } from './shape-of.ts';

export interface TableOptions extends ShapingOptions {
  /** `[schema.]name` */
  table: string;
  /** Whether a table that is not there is created; default yes. */
  create?: boolean | undefined;
  /** The columns that tell which rows are the same, where the user names them. */
  key?: readonly string[] | undefined;
  /** Makes the table where it is not there, instead of what the file suggests. */
  maker?: TableMaker | undefined;
}

/** A table that rows are about to be loaded into. */
export interface Prepared {
  table: TableDescription;
  fields: MappedColumn[];
  columns: ColumnDescription[];
  plan: ColumnPlan;
  /** Names of columns whose type this load decided by itself. */
  inferred: ReadonlySet<string>;
  created: boolean;
}

export interface Preparation {
  /** The table, where it is there already. */
  existing: TableDescription | undefined;
  /** It was made for this very load: its columns are the file's, as when it was not there yet. */
  madeForIt: boolean;
  /** Run in the transaction that makes the table, where it is made: what it throws takes the table back. */
  onCreate: (session: Session, prepared: Prepared) => Promise<void>;
}

/**
 * The table, as it is or made from what the file suggests, and which field goes into which of its columns.
 * @throws UsageError, DataError before anything is loaded, where the two do not fit
 */
export async function prepareTable(
  database: Database,
  file: OpenedFile,
  given: TableOptions,
  reporter: Reporter,
  preparation: Preparation,
): Promise<Prepared> {
  const { existing, madeForIt, onCreate } = preparation;
  const { maker, embed } = given;
  const embedded = embed && { columns: embed.columns, dimensions: await embed.dimensions() };
  const options = { ...given, embedded };
  if (existing !== undefined) await maker?.check(database, existing);
  const prepared =
    existing === undefined
      ? await createTableFor(database, file, options, reporter, onCreate)
      : madeForIt && maker === undefined
        ? await asMade(database, file, options, existing)
        : asItIs(file, options, existing);
  for (const note of prepared.plan.notes) reporter.note(note);
  return prepared;
}

function asItIs(file: OpenedFile, options: TableOptions, existing: TableDescription): Prepared {
  if (existing.kind !== 'table' && existing.kind !== 'partitioned table') {
    throw new UsageError(`${existing.name} is a ${existing.kind}, and rows are loaded into tables`, {
      code: 'not-a-table',
    });
  }
  if (options.types !== undefined && options.types.size > 0) {
    throw new UsageError(
      `table ${existing.name} is there already, with types of its own: --types is for a new one`,
      {
        hint: 'leave --types out, or load into another table with -t',
      },
    );
  }
  const insertable = existing.columns.filter(({ generated }) => generated === null).map(({ name }) => name);
  const fields = mapFields(file, options, insertable);
  return planned(file, options, { table: existing, fields, inferred: new Set(), created: false });
}

/** What the load found when it made the table, and finds again, as it has the same file. */
async function asMade(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  table: TableDescription,
): Promise<Prepared> {
  const { fields, design } = await planTable(database, file, options);
  return planned(file, options, { table, fields, inferred: inferredOf(design), created: false });
}

interface TablePlan {
  fields: MappedColumn[];
  design: TableDesign;
}

async function planTable(database: Database, file: OpenedFile, options: TableOptions): Promise<TablePlan> {
  const fields = mapFields(file, options, undefined);
  checkFilled(fields, options);
  const extension = await ensureExtension(database);
  return { fields, design: designTable(options.table, file, fields, options, extension) };
}

async function createTableFor(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  reporter: Reporter,
  onCreate: Preparation['onCreate'],
): Promise<Prepared> {
  if (options.create === false) {
    throw new UsageError(`table ${options.table} does not exist, and --no-create forbids to make it`, {
      code: 'no-table',
      hint: 'name another table with -t, or leave --no-create out',
    });
  }
  const { create, prepare } = await creation(database, file, options, options.maker, reporter);
  const make = async (session: Session) => {
    const shown = await create(session);
    const table = await describeTable(session, options.table);
    if (table === undefined) throw new Error(`table ${options.table} is not there after its creation`);
    const made = prepare(table);
    await onCreate(session, made);
    return { made, shown };
  };
  let created: Awaited<ReturnType<typeof make>>;
  try {
    created = await database.transaction(make);
  } catch (error) {
    // Another load has made it meanwhile.
    const existing = isThere(error) ? await describeTable(database, options.table) : undefined;
    if (existing === undefined) throw error;
    return asItIs(file, { ...options, types: undefined }, existing);
  }
  const { made, shown } = created;
  reporter.note(`created table ${made.table.name} (${shown})`);
  if (hasRowNumberAsId(file, made.fields)) reporter.note("id is the row's number in the file, from 0");
  return made;
}

interface Creation {
  /** @returns what was made, as it is told to people */
  create: (session: Session) => Promise<string>;
  /** The table that was made, for the load. */
  prepare: (table: TableDescription) => Prepared;
}

async function creation(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  maker: TableMaker | undefined,
  reporter: Reporter,
): Promise<Creation> {
  if (maker !== undefined) {
    await ensureExtension(database);
    return { create: maker.make, prepare: (table) => ({ ...asItIs(file, options, table), created: true }) };
  }
  const { fields, design } = await planTable(database, file, options);
  for (const doubt of doubts(design, file, fields)) reporter.warn(doubt);
  return {
    create: async (session) => {
      await createDesigned(session, design).catch((error: unknown) => {
        throw options.types === undefined || options.types.size === 0 ? error : unknownType(error);
      });
      return describeDesign(design);
    },
    prepare: (table) =>
      planned(file, options, { table, fields, inferred: inferredOf(design), created: true }),
  };
}

/** A table of the name is there, or its row type, which comes first. */
function isThere(error: unknown): boolean {
  if (!(error instanceof PgvError)) return false;
  return error.sqlstate === '42P07' || (error.sqlstate === '23505' && /pg_type/.test(error.message));
}

/** Whether the rows of the file, which has no ids, get their numbers for it. */
export function hasRowNumberAsId(file: OpenedFile, fields: readonly MappedColumn[]): boolean {
  return fields.some(
    ({ column, origin }) => column === 'id' && origin.kind === 'field' && origin.field === file.fieldCount,
  );
}

/** The mapped columns against the table, and how they are read. */
function planned(
  file: OpenedFile,
  options: TableOptions,
  found: Omit<Prepared, 'columns' | 'plan'>,
): Prepared {
  const columns = checkColumns(file, found.fields, found.table);
  return { ...found, columns, plan: planColumns(file, found.fields, columns, found.inferred, options) };
}

function inferredOf({ columns }: TableDesign): ReadonlySet<string> {
  return new Set(columns.filter((column) => column.inferred).map(({ name }) => name));
}

/** The types of a design are our own but for those of --types. */
function unknownType(error: unknown): unknown {
  if (!(error instanceof PgvError) || error.sqlstate !== '42704') return error;
  return new UsageError(error.message, {
    code: 'bad-type',
    sqlstate: error.sqlstate,
    cause: error,
    hint: "--types takes a type of the database, for example --types id=text or --types v='halfvec(768)'",
  });
}

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
