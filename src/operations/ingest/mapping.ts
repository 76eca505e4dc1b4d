import { DataError, UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { ColumnDescription, TableDescription } from '../tables.ts';
import { impliedFields, rowField } from './implied-fields.ts';

/** A field of the file and the column that it goes into. */
export interface MappedField {
  field: number;
  /** The field's own name, for messages. */
  source: string;
  column: string;
}

export interface MappingOptions {
  /** Source fields to take; names for them where the file has no header. */
  columns?: readonly string[] | undefined;
  /** [source, column] */
  map?: readonly (readonly [source: string, column: string])[] | undefined;
}

/**
 * Which field goes into which column: by name, renamed by --map, limited to --columns.
 * @param columnNames the table's columns in order, where it is there already: what a file without names follows
 */
export function mapFields(
  file: OpenedFile,
  options: MappingOptions,
  columnNames: readonly string[] | undefined,
): MappedField[] {
  const { names, wanted, renamed } =
    file.implied === undefined
      ? namedFields(file, options, columnNames)
      : impliedFields(file, options, columnNames === undefined);
  for (const source of renamed.keys()) {
    if (!wanted.includes(source)) throw noSuchField(source, '--map', names);
  }
  const fields = wanted.map((source) => {
    const field = names.indexOf(source);
    if (field < 0) throw noSuchField(source, '--columns', names);
    if (names.indexOf(source, field + 1) >= 0) throw badHeader(file, `names ${source} twice`, names);
    if (source === '') throw badHeader(file, `gives field ${field + 1} no name`, names);
    return { field, source, column: renamed.get(source) ?? source };
  });
  const columns = fields.map(({ column }) => column);
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated !== undefined) {
    throw new UsageError(`two fields of ${file.layout.file} go into column ${repeated}`, {
      column: repeated,
      hint: 'give one of them another column with --map <field>=<column>, or leave it out with --columns',
    });
  }
  return fields;
}

/**
 * The columns that the fields go into, checked against the table before anything is loaded.
 * @throws DataError where the table lacks one, cannot take values for one, or needs one that the file lacks
 */
export function checkColumns(
  file: OpenedFile,
  fields: readonly MappedField[],
  table: TableDescription,
): ColumnDescription[] {
  const name = file.layout.file;
  const columns = fields.map(({ source, column }) => {
    const found = table.columns.find((candidate) => candidate.name === column);
    if (found === undefined) throw noSuchColumn(name, source, column, table, fields);
    if (found.generated !== null) {
      throw new DataError(`column ${column} of ${table.name} is generated and takes no values`, {
        code: 'generated-column',
        file: name,
        column,
        hint: leaveOut(fields, source),
      });
    }
    return found;
  });
  const missing = table.columns.find(
    (column) =>
      column.notNull &&
      !column.hasDefault &&
      column.identity === null &&
      column.generated === null &&
      !columns.includes(column),
  );
  if (missing !== undefined) {
    throw new DataError(
      `column ${missing.name} of ${table.name} is NOT NULL without a default, and the file lacks it`,
      {
        code: 'missing-column',
        file: name,
        column: missing.name,
        sqlstate: '23502',
        hint:
          file.implied === undefined
            ? `say which field it is with --map <field>=${missing.name}, or give the column a default`
            : `--map ${rowField}=${missing.name} puts the row's number there, from 0; or give the column a default`,
      },
    );
  }
  return columns;
}

export interface FieldNames {
  /** Of all fields, in the file's order. */
  names: readonly string[];
  wanted: readonly string[];
  /** Field → column. */
  renamed: ReadonlyMap<string, string>;
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
  { columns }: MappingOptions,
  columnNames: readonly string[] | undefined,
): readonly string[] {
  const names = columns ?? columnNames;
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
    hint: `take the other fields alone with --columns ${usable.join(',')}, or mend the header`,
  });
}

function noSuchColumn(
  file: string,
  source: string,
  column: string,
  table: TableDescription,
  fields: readonly MappedField[],
): DataError {
  const names = table.columns.map(({ name }) => name).join(', ');
  const without = leaveOut(fields, source);
  return new DataError(`table ${table.name} has no column ${column} (it has ${names})`, {
    code: 'no-column',
    file,
    column,
    hint: `name the column with --map ${source}=<column>${without === undefined ? '' : `, or ${without}`}`,
  });
}

function leaveOut(fields: readonly MappedField[], source: string): string | undefined {
  const others = fields.filter((field) => field.source !== source).map((field) => field.source);
  return others.length === 0 ? undefined : `leave the field out with --columns ${others.join(',')}`;
}
