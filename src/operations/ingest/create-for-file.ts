import type { Database, Session } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { ensureExtension } from '../extension.ts';
import { describeTable, type TableDescription } from '../tables.ts';
import {
  asItIs,
  hasRowNumberAsId,
  inferredOf,
  type Prepared,
  planned,
  planTable,
  type TableOptions,
} from './fit-table.ts';
import { doubts } from './mapping/doubts.ts';
import { createDesigned, describeDesign, type TableMaker } from './new-table.ts';

/** Run in the transaction that makes a table: what it throws takes the table back. */
export type OnCreate = (session: Session, prepared: Prepared) => Promise<void>;

/**
 * Makes the table that a file, or a maker, suggests.
 * @throws UsageError, DataError where it cannot be made so, or the file does not fit what was made
 */
export async function createTableFor(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  reporter: Reporter,
  onCreate: OnCreate,
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
  reporter.note(`created table ${made.table.shown} (${shown})`);
  if (hasRowNumberAsId(file, made.fields)) {
    reporter.note(
      `id is the row's number in ${file.layout.file}, from 0; rows of other files are numbered on`,
    );
  }
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
