import type { Database, Session } from '../../database/database.ts';
import { DataError, UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { type ColumnDefinition, createTable, vectorTypeName } from '../../sql/create-table.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import type { VectorType } from '../../vector/metrics.ts';
import type { Extension } from '../extension.ts';
import type { TableDescription } from '../tables.ts';
import { sampleOf } from './mapping/column-origin.ts';
import { shownType, suggestedType } from './mapping/suggested-type.ts';
import { chosenVector, type VectorOptions } from './mapping/vector-options.ts';
import { isId, type MappedColumn } from './mapping.ts';

/** What makes a table that is not there yet, where more than a file's first rows tell what it is. */
export interface TableMaker {
  /** @returns what was made, as it is told to people */
  make: (session: Session) => Promise<string>;
  /** @throws UsageError where the table is there already and is another */
  check: (database: Database, existing: TableDescription) => Promise<void>;
}

/** A table as the file suggests it. */
export interface TableDesign {
  name: string;
  columns: DesignedColumn[];
}

interface DesignedColumn extends ColumnDefinition {
  /** The type as it is told to people: `vector(768)`. */
  shown: string;
  /** From the sample, not from the file's own word or from --types; an identity column is neither. */
  inferred: boolean;
}

export interface DesignOptions extends VectorOptions {
  /** Column → SQL type, as the user gave them. */
  types?: ReadonlyMap<string, string> | undefined;
}

/**
 * Designs a table for the mapped columns: types from the sample or as the options say, `id` (or `ID`) the primary key, else an
 * identity column of that name. Where `id` is the row's number, rows that come later are numbered on.
 */
export function designTable(
  name: string,
  file: OpenedFile,
  mapped: readonly MappedColumn[],
  options: DesignOptions,
  extension: Extension,
): TableDesign {
  const { types = new Map<string, string>() } = options;
  if (file.valuesBy) checkAllTyped(file, mapped, types);
  else if (file.sample.length === 0) {
    if (file.unreadable !== undefined) throw untold(file.unreadable);
    throw new DataError('there are no rows, so nothing tells what the columns of a new table are', {
      code: 'no-rows',
      file: file.layout.file,
      hint: 'make the table first: `pgv init <table> --dimensions <n>`',
    });
  }
  const suggested = mapped.map((each) => suggestedType(each, file, types.get(each.column)));
  const vectors = mapped.filter((_, i) => suggested[i]!.vector !== undefined).map(({ column }) => column);
  const chosen = chosenVector(vectors, options);
  const key = keyColumn(mapped, file);
  const columns = mapped.map(({ column, origin }, i): DesignedColumn => {
    const suggestion = suggested[i]!;
    const shown = shownType(suggestion, column, column === chosen ? options : {}, file);
    const definition = {
      name: column,
      shown,
      type: qualify(shown, extension),
      inferred: suggestion.from === 'sample',
    };
    if (column !== key) return definition;
    const numbered =
      suggestion.from === 'file' && origin.kind === 'field' && origin.field === file.fieldCount;
    const from = numbered ? file.implied?.rowCount : undefined;
    return { ...definition, primaryKey: true, ...(from === undefined ? {} : { identity: { from } }) };
  });
  if (!columns.some((column) => column.primaryKey)) columns.unshift(identityColumn);
  return { name, columns };
}

/**
 * The column called id; in other letters, `ID`, where the first rows do not tell that it is no key: its name is chance.
 */
function keyColumn(mapped: readonly MappedColumn[], file: OpenedFile): string | undefined {
  if (mapped.some(({ column }) => column === 'id')) return 'id';
  const [like, ...more] = mapped.filter(({ column }) => isId(column));
  if (like === undefined || more.length > 0) return undefined;
  const { values } = sampleOf(like.origin, file);
  return values.includes(null) || new Set(values).size < values.length ? undefined : like.column;
}

/** The first of records that all are bad: with them goes what they would have told. */
function untold(error: DataError): DataError {
  const reason =
    'no row at the beginning of the file can be read, so nothing tells what the columns of a new table are';
  return error.withHint(error.hint === undefined ? reason : `${error.hint}; ${reason}`) as DataError;
}

const identityColumn: DesignedColumn = {
  name: 'id',
  type: 'bigint',
  shown: 'bigint',
  identity: true,
  primaryKey: true,
  inferred: false,
};

/** @throws UsageError where nothing says which type a column has */
function checkAllTyped(
  file: OpenedFile,
  mapped: readonly MappedColumn[],
  types: ReadonlyMap<string, string>,
): void {
  const untyped = mapped.find(({ column, origin }) => origin.kind === 'field' && !types.has(column));
  if (untyped === undefined) return;
  throw new UsageError(`${file.layout.file} does not say which type ${untyped.column} has`, {
    code: 'no-types',
    file: file.layout.file,
    column: untyped.column,
    hint: "make the table first, or give every column's type: --types id=bigint --types embedding='vector(768)'",
  });
}

export async function createDesigned(session: Session, { name, columns }: TableDesign): Promise<void> {
  await session.query(createTable({ ...parseTableName(name), columns }));
}

/** `id bigint primary key, title text, embedding vector(768)`. */
export function describeDesign({ columns }: TableDesign): string {
  return columns
    .map(({ name, shown, identity, primaryKey }) =>
      [name, shown, identity ? 'identity' : '', primaryKey ? 'primary key' : ''].filter(Boolean).join(' '),
    )
    .join(', ');
}

/** pgvector's types by the schema that they live in; all others as they are. */
function qualify(type: string, extension: Extension): string {
  const match = /^(vector|halfvec|sparsevec)(?:\((\d+)\))?$/.exec(type);
  if (match === null) return type;
  return vectorTypeName(
    extension.schema,
    match[1] as VectorType,
    match[2] === undefined ? undefined : Number(match[2]),
  );
}
