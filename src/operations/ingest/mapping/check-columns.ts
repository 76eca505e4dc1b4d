import { DataError, type PgvError, UsageError } from '../../../errors.ts';
import type { OpenedFile } from '../../../formats/read/format.ts';
import type { ColumnDescription, TableDescription } from '../../tables.ts';
import { rowField } from '../implied-fields.ts';
import type { MappedColumn } from '../mapping.ts';

/**
 * The table's columns that are filled, checked before anything is loaded.
 * @throws DataError where the table lacks one, cannot take values for one, or needs one that the file lacks;
 * UsageError where what --map or --set puts into one cannot go there
 */
export function checkColumns(
  file: OpenedFile,
  mapped: readonly MappedColumn[],
  table: TableDescription,
): ColumnDescription[] {
  const name = file.layout.file;
  const columns = mapped.map((each) => {
    const { source, column } = each;
    const found = table.columns.find((candidate) => candidate.name === column);
    if (found === undefined) throw noSuchColumn(name, each, table, mapped);
    if (found.generated !== null) {
      throw new DataError(`column ${column} of ${table.shown} is generated and takes no values`, {
        code: 'generated-column',
        file: name,
        column,
        hint: leaveOut(mapped, source),
      });
    }
    checkFits(each, found);
    return found;
  });
  checkComplete(file, columns, table);
  return columns;
}

/** @throws UsageError for dimensions into something else than a vector, and an object into something else than JSON */
function checkFits(
  { origin, source, column }: MappedColumn,
  { vector, base, declared }: ColumnDescription,
): void {
  const types: Partial<Record<typeof origin.kind, readonly string[]>> = {
    object: ['json', 'jsonb', 'text', 'varchar'],
  };
  const isVector = origin.kind === 'gathered' || origin.kind === 'embedded';
  const fits = isVector ? vector !== undefined : (types[origin.kind]?.includes(base.name) ?? true);
  if (fits) return;
  if (origin.kind === 'embedded') {
    throw new UsageError(`${source} makes vectors, and column ${column} is ${declared}`, {
      code: 'bad-type',
      column,
      hint: `name a column of type vector: ${source}=<column>`,
    });
  }
  const what = isVector ? 'dimensions into a vector' : 'fields into one object';
  throw new UsageError(`--map ${source} puts ${what}, and column ${column} is ${declared}`, {
    code: 'bad-type',
    column,
    hint: `name a column of type ${isVector ? 'vector' : 'jsonb'}: --map '${source}'=<column>`,
  });
}

function checkComplete(
  file: OpenedFile,
  columns: readonly ColumnDescription[],
  table: TableDescription,
): void {
  const missing = table.columns.find(
    (column) =>
      column.notNull &&
      !column.hasDefault &&
      column.identity === null &&
      column.generated === null &&
      !columns.includes(column),
  );
  if (missing === undefined) return;
  throw new DataError(
    `column ${missing.name} of ${table.shown} is NOT NULL without a default, and the file lacks it`,
    {
      code: 'missing-column',
      file: file.layout.file,
      column: missing.name,
      sqlstate: '23502',
      hint:
        file.implied === undefined
          ? `say which field it is with --map <field>=${missing.name}, give all rows one value with --set ${missing.name}=<value>, or give the column a default`
          : `--map ${rowField}=${missing.name} puts the row's number there, from 0; or give the column a default`,
    },
  );
}

function noSuchColumn(
  file: string,
  { source, column, origin }: MappedColumn,
  table: TableDescription,
  mapped: readonly MappedColumn[],
): PgvError {
  const names = table.columns.map(({ name }) => name).join(', ');
  const message = `table ${table.shown} has no column ${column} (it has ${names})`;
  if (origin.kind === 'constant') {
    const hint =
      origin.flag === '--set'
        ? 'name one of its columns in --set <column>=<value>'
        : `name its tenant column with --tenant-column, or add one: ALTER TABLE … ADD COLUMN ${column} text`;
    return new UsageError(message, { code: 'no-column', column, hint });
  }
  if (origin.kind === 'embedded') {
    const hint = `name its vector column: ${source}=<column>`;
    return new UsageError(message, { code: 'no-column', column, hint });
  }
  const without = leaveOut(mapped, source);
  return new DataError(message, {
    code: 'no-column',
    file,
    column,
    hint: `name the column with --map ${source}=<column>${without === undefined ? '' : `, or ${without}`}`,
  });
}

function leaveOut(mapped: readonly MappedColumn[], source: string): string | undefined {
  const others = mapped.filter((each) => each.source !== source && each.origin.kind === 'field');
  if (others.length === 0) return undefined;
  return `leave the field out with --columns ${others.map((each) => each.source).join(',')}`;
}
