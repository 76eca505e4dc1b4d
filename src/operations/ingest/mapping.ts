import { DataError, UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { impliedFields } from './implied-fields.ts';
import { inferType } from './infer.ts';
import type { ColumnOrigin } from './mapping/column-origin.ts';
import { type NamedSource, namedSource, pathInto } from './mapping/sources.ts';

/** A column of the table, and what it is filled from. */
export interface MappedColumn {
  column: string;
  /** What messages call the origin: the field's own name, the pattern or path of --map, the flag. */
  source: string;
  origin: ColumnOrigin;
}

export interface MappingOptions {
  /** Source fields to take; names for them where the file has no header. */
  columns?: readonly string[] | undefined;
  /** [source, column]; a source is a field, `*`, a pattern with one `*`, or a path into a field of JSON. */
  map?: readonly (readonly [source: string, column: string])[] | undefined;
  /** [column, text]: the same value in every row, as PostgreSQL reads it; `NULL` is NULL. */
  set?: readonly (readonly [column: string, text: string])[] | undefined;
  /** The value of the tenant column in every row. */
  tenant?: string | undefined;
  /** Default: tenant_id. */
  tenantColumn?: string | undefined;
  /** Column → SQL type, for a table that is created. */
  types?: ReadonlyMap<string, string> | undefined;
  embedded?: EmbeddedColumns | undefined;
}

/** Columns that take what an endpoint makes of texts. */
export interface EmbeddedColumns {
  /** [source, column]; a source is a field, taken or not, or a path into a field of JSON. */
  columns: readonly (readonly [source: string, column: string])[];
  /** Of its vectors. */
  dimensions: number;
}

/**
 * What each column is filled from: the field of its name, renamed by --map, limited to --columns; what --map puts
 * together or takes apart; the constants of --set and --tenant.
 * @param columnNames the table's columns in order, where it is there already: what a file without names follows
 */
export function mapFields(
  file: OpenedFile,
  options: MappingOptions,
  columnNames: readonly string[] | undefined,
): MappedColumn[] {
  refuseTwice(options.map ?? []);
  const { names, wanted, renamed } =
    file.implied === undefined
      ? namedFields(file, options, columnNames)
      : impliedFields(file, options, columnNames === undefined);
  const made = madeColumns(file, names, wanted, renamed);
  const gathered = new Set(made.flatMap(({ named }) => (named.kind === 'gathered' ? named.fields : [])));
  const alone = wanted.filter((source) => !gathered.has(indexOf(source, names, file)) || renamed.has(source));
  const intoObject = made.find(({ named }) => named.kind === 'others');
  const stays = (source: string) =>
    intoObject === undefined ||
    renamed.has(source) ||
    (columnNames === undefined
      ? standsAlone(source, names.indexOf(source), file, options)
      : columnNames.includes(source));
  const others = alone.filter((source) => !stays(source));
  const mapped: MappedColumn[] = [
    ...alone.filter(stays).map((source): MappedColumn => {
      const origin: ColumnOrigin = { kind: 'field', field: names.indexOf(source) };
      return { source, column: renamed.get(source) ?? source, origin };
    }),
    ...made.map(({ named, source, column }) => ({ source, column, origin: originOf(named, names, others) })),
    ...embeddedColumns(options, names),
    ...constants(options),
  ];
  checkOnce(mapped, file);
  return mapped;
}

export interface FieldNames {
  /** Of all fields, in the file's order. */
  names: readonly string[];
  wanted: readonly string[];
  /** Source of --map → column. */
  renamed: ReadonlyMap<string, string>;
}

interface MadeColumn {
  named: NamedSource;
  source: string;
  column: string;
}

/** The columns of --map that are not a field each. */
function madeColumns(
  file: OpenedFile,
  names: readonly string[],
  wanted: readonly string[],
  renamed: ReadonlyMap<string, string>,
): MadeColumn[] {
  return [...renamed].flatMap(([source, column]) => {
    if (wanted.includes(source)) return [];
    const named = names.includes(source) ? undefined : namedSource(source, names, wanted, file);
    if (named === undefined) throw noSuchField(source, '--map', names);
    return [{ named, source, column }];
  });
}

function originOf(named: NamedSource, names: readonly string[], others: readonly string[]): ColumnOrigin {
  switch (named.kind) {
    case 'path':
      return named;
    case 'gathered':
      return { ...named, names: named.fields.map((field) => names[field]!) };
    case 'others':
      return { kind: 'object', names: others, fields: others.map((name) => names.indexOf(name)) };
  }
}

/** Whether a column of a new table is called as its key is. */
export function isId(column: string): boolean {
  return column.toLowerCase() === 'id';
}

/**
 * What keeps a column of its own in a new table, where all other fields go into one: the id, vectors, and columns
 * that --types names.
 */
function standsAlone(source: string, field: number, file: OpenedFile, { types }: MappingOptions): boolean {
  if (isId(source) || types?.has(source)) return true;
  const declared = file.types?.[field];
  if (declared !== undefined) return /^(?:vector|halfvec|sparsevec)\b/.test(declared);
  const values = file.sample.map((record) => record[field] ?? null);
  const { name } = inferType(values, file.kinds?.[field]);
  return name === 'vector' || name === 'sparsevec';
}

function embeddedColumns({ embedded }: MappingOptions, names: readonly string[]): MappedColumn[] {
  if (embedded === undefined) return [];
  const { columns, dimensions } = embedded;
  return columns.map(([source, column]) => {
    const field = names.indexOf(source);
    const path = field < 0 ? pathInto(source, names) : { field, steps: undefined };
    if (path === undefined) throw noSuchField(source, '--embed', names);
    const { field: from, steps } = path;
    return {
      column,
      source: `--embed ${source}`,
      origin: { kind: 'embedded', field: from, steps, dimensions },
    };
  });
}

const nullWord = 'NULL';

function constants({ set = [], tenant, tenantColumn = 'tenant_id' }: MappingOptions): MappedColumn[] {
  const constant = (column: string, text: string | undefined, flag: '--set' | '--tenant'): MappedColumn => ({
    column,
    source: `${flag} ${flag === '--set' ? column : text}`,
    origin: { kind: 'constant', text, flag },
  });
  const mapped = set.map(([column, text]) => constant(column, text === nullWord ? undefined : text, '--set'));
  return tenant === undefined ? mapped : [...mapped, constant(tenantColumn, tenant, '--tenant')];
}

function namedFields(
  file: OpenedFile,
  options: MappingOptions,
  columnNames: readonly string[] | undefined,
): FieldNames {
  const names = file.fieldNames ?? namesWithoutHeader(file, options, columnNames);
  return { names, wanted: (file.fieldNames && options.columns) ?? names, renamed: new Map(options.map) };
}

function namesWithoutHeader(
  file: OpenedFile,
  { columns, set = [], tenant, tenantColumn = 'tenant_id', embedded }: MappingOptions,
  columnNames: readonly string[] | undefined,
): readonly string[] {
  const given = [...set, ...(embedded?.columns.map(([, column]) => [column]) ?? [])].map(
    ([column]) => column,
  );
  if (tenant !== undefined) given.push(tenantColumn);
  const names = columns ?? columnNames?.filter((name) => !given.includes(name));
  const { file: name } = file.layout;
  if (names === undefined) {
    throw new UsageError(`${name} has no header and its table is not there yet: nothing names its columns`, {
      code: 'no-names',
      file: name,
      hint: 'name the fields, in order, with --columns <a,b,c>',
    });
  }
  // A file without rows may have no fields.
  if (file.fieldCount > 0 && names.length !== file.fieldCount) {
    const source = columns === undefined ? 'the table has' : '--columns names';
    throw new DataError(`the first row has ${file.fieldCount} fields, ${source} ${names.length}`, {
      code: 'field-count',
      file: name,
      row: 1,
      hint: 'name the fields, in order, with --columns <a,b,c>',
    });
  }
  return names;
}

/** @throws where the file has no such field, or two of them */
function indexOf(source: string, names: readonly string[], file: OpenedFile): number {
  const field = names.indexOf(source);
  if (field < 0) throw noSuchField(source, '--columns', names);
  if (names.indexOf(source, field + 1) >= 0) throw badHeader(file, `names ${source} twice`, names);
  if (source === '') throw badHeader(file, `gives field ${field + 1} no name`, names);
  return field;
}

function checkOnce(mapped: readonly MappedColumn[], file: OpenedFile): void {
  const columns = mapped.map(({ column }) => column);
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated === undefined) return;
  const constant = mapped.find(({ column, origin }) => column === repeated && origin.kind === 'constant');
  if (constant === undefined) {
    throw new UsageError(`two fields of ${file.layout.file} go into column ${repeated}`, {
      column: repeated,
      hint: 'give one of them another column with --map <field>=<column>, or leave it out with --columns',
    });
  }
  const field = mapped.find(({ column }) => column === repeated)!;
  const both =
    field.origin.kind === 'constant' ? 'is given twice' : `is filled by the file, and by ${constant.source}`;
  throw new UsageError(`column ${repeated} ${both}`, {
    column: repeated,
    hint:
      field.origin.kind === 'constant'
        ? 'give a column one value, with --set or --tenant'
        : 'leave the field out with --columns, or give it another column with --map <field>=<column>',
  });
}

function noSuchField(source: string, flag: string, names: readonly string[]): UsageError {
  return new UsageError(`${flag} names ${source}, which the file has not`, {
    code: 'no-field',
    column: source,
    hint: `its fields are ${names.join(', ')}`,
  });
}

function badHeader(file: OpenedFile, what: string, names: readonly string[]): DataError {
  const usable = names.filter((name) => name !== '' && names.indexOf(name) === names.lastIndexOf(name));
  return new DataError(`the header ${what}`, {
    code: 'bad-header',
    file: file.layout.file,
    hint:
      usable.length === 0
        ? 'mend the header, or say --no-header and name the fields with --columns <a,b,c>'
        : `take the other fields alone with --columns ${usable.join(',')}, or mend the header`,
  });
}

function refuseTwice(map: readonly (readonly [source: string, column: string])[]): void {
  const sources = map.map(([source]) => source);
  const twice = sources.find((source, i) => sources.indexOf(source) !== i);
  if (twice === undefined) return;
  throw new UsageError(`--map names ${twice} twice, and a field goes into one column`, {
    column: twice,
    hint: 'give it one of them',
  });
}
