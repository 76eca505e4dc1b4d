import type { Session } from '../../database/database.ts';
import { DataError, UsageError } from '../../errors.ts';
import type { OpenedFile, ValueKind } from '../../formats/read/format.ts';
import { type ColumnDefinition, createTable, vectorTypeName } from '../../sql/create-table.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { maxDimensions } from '../../vector/limits.ts';
import type { VectorType } from '../../vector/metrics.ts';
import type { Extension } from '../extension.ts';
import { countElements, differingLists, type InferredType, inferType } from './infer.ts';
import type { MappedField } from './mapping.ts';

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

/** Names of inferred types as SQL's standard has them. */
const sqlNames: Record<Exclude<InferredType['name'], 'vector'>, string> = {
  int8: 'bigint',
  float8: 'double precision',
  bool: 'boolean',
  uuid: 'uuid',
  timestamptz: 'timestamptz',
  jsonb: 'jsonb',
  text: 'text',
};

/**
 * Designs a table for the mapped fields: types from the sample or from --types, `id` the primary key, else an
 * identity column of that name. Where `id` is the row's number, rows that come later are numbered on.
 * @param types column → SQL type, as the user gave them
 */
export function designTable(
  name: string,
  file: OpenedFile,
  fields: readonly MappedField[],
  types: ReadonlyMap<string, string>,
  extension: Extension,
): TableDesign {
  if (file.binaryValues) checkAllTyped(file, fields, types);
  else if (file.sample.length === 0) {
    throw new DataError('there are no rows, so nothing tells what the columns of a new table are', {
      code: 'no-rows',
      file: file.layout.file,
      hint: 'make the table first: `pgv init <table> --dimensions <n>`',
    });
  }
  for (const column of types.keys()) {
    if (!fields.some((field) => field.column === column)) {
      throw new UsageError(`--types names ${column}, which no field goes into`, { column });
    }
  }
  const columns = fields.map(({ field, column }): DesignedColumn => {
    const values = file.sample.map((record) => record[field] ?? null);
    const given = types.get(column);
    const declared = file.types?.[field];
    const shown =
      given === undefined
        ? (declared ?? inferredName(values, file, column, file.kinds?.[field]))
        : completeType(given, values, column);
    const definition = {
      name: column,
      shown,
      type: qualify(shown, extension),
      inferred: given === undefined && declared === undefined,
    };
    if (column !== 'id') return definition;
    const rows = given === undefined && field === file.fieldCount ? file.implied?.rowCount : undefined;
    return { ...definition, primaryKey: true, ...(rows === undefined ? {} : { identity: { from: rows } }) };
  });
  if (!columns.some((column) => column.primaryKey)) columns.unshift(identityColumn);
  return { name, columns };
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
  fields: readonly MappedField[],
  types: ReadonlyMap<string, string>,
): void {
  const untyped = fields.find(({ column }) => !types.has(column));
  if (untyped === undefined) return;
  throw new UsageError(`${file.layout.file} does not say which type ${untyped.column} has`, {
    code: 'no-types',
    file: file.layout.file,
    column: untyped.column,
    hint: "make the table first, or give every column's type: --types id=bigint --types embedding='vector(768)'",
  });
}

/**
 * What a person should look at before trusting the design: lists of numbers that became text or jsonb, because they
 * are not of one length.
 */
export function doubts({ columns }: TableDesign, file: OpenedFile, fields: readonly MappedField[]): string[] {
  return fields.flatMap(({ field, column }) => {
    const designed = columns.find(({ name }) => name === column);
    if (!designed?.inferred || !['text', 'jsonb'].includes(designed.shown)) return [];
    const values = file.sample.map((record) => record[field] ?? null);
    const doubt = doubtOf(values, column, designed.shown);
    return doubt === undefined ? [] : [doubt];
  });
}

function doubtOf(values: readonly (string | null)[], column: string, type: string): string | undefined {
  const differing = differingLists(values);
  if (differing !== undefined) {
    const { dimensions, other, row } = differing;
    return (
      `${column} becomes ${type}, as its lists are not of one length (${dimensions} numbers at first, ${other} in ` +
      `row ${row}); --types ${column}='vector(${dimensions})' refuses such rows`
    );
  }
  const first = values.find((value) => value !== null) ?? '';
  if (type !== 'text' || !looksLikeNumbers(first)) return undefined;
  return `${column} becomes text, for a vector is written [1,2,3], and not ${shorten(first)}`;
}

/** Brackets of some kind round two numbers at least, and little else. */
function looksLikeNumbers(text: string): boolean {
  return (
    /^\s*[[{(][-+.\d].*[\]})]\s*$/s.test(text) &&
    !/[^-+.,;\s\d[\]{}()eE]/.test(text.replaceAll(/null|none|nan/gi, '')) &&
    (text.match(/\d+/g)?.length ?? 0) >= 2
  );
}

function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
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

function inferredName(
  values: readonly (string | null)[],
  file: OpenedFile,
  column: string,
  kind: ValueKind | undefined,
): string {
  const inferred = inferType(values, kind);
  if (inferred.name !== 'vector') {
    const elements = countElements(values.find((value) => value !== null) ?? '') ?? 0;
    if (elements > maxDimensions.vector) throw tooManyDimensions(elements, file, column);
    return sqlNames[inferred.name];
  }
  return `vector(${inferred.dimensions})`;
}

function tooManyDimensions(elements: number, file: OpenedFile, column: string): DataError {
  return new DataError(`${elements} dimensions; a vector cannot have more than ${maxDimensions.vector}`, {
    code: 'too-many-dimensions',
    sqlstate: '54000',
    file: file.layout.file,
    row: 1,
    column,
    hint: `store it as text with --types ${column}=text, or shorten the vectors`,
  });
}

const typeSyntax =
  /^(?:"[^"]+"|[a-z_][\w$]*)(?:\.(?:"[^"]+"|[a-z_][\w$]*))?(?: [a-z ]+)?(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*$/i;

/** A type from --types; a vector type without dimensions takes them from the file. */
function completeType(given: string, values: readonly (string | null)[], column: string): string {
  if (!typeSyntax.test(given)) {
    throw new UsageError(`--types ${column}=${given}: not the name of a type`, {
      code: 'bad-type',
      column,
      hint: `for example --types ${column}=text or --types ${column}='halfvec(768)'`,
    });
  }
  if (given !== 'vector' && given !== 'halfvec') return given;
  const inferred = inferType(values);
  return inferred.name === 'vector' ? `${given}(${inferred.dimensions})` : given;
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
