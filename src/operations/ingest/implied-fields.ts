import { DataError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { FieldNames, MappingOptions } from './mapping.ts';

/** The field of each row's number, from 0, in a file that names nothing. */
export const rowField = 'row';

/**
 * Fields of a file that names nothing: its one field, called as the format has it or as --columns says, and the
 * row's number, which is taken where it is asked for, and as the id of a new table.
 */
export function impliedFields(
  file: OpenedFile,
  { columns, map = [] }: MappingOptions,
  newTable: boolean,
): FieldNames {
  const own = columns?.filter((name) => name !== rowField) ?? [...file.fieldNames!];
  if (own.length !== file.fieldCount) {
    throw new DataError(`a row is one field, and --columns names ${own.length}`, {
      code: 'field-count',
      file: file.layout.file,
      hint: `name its column, as in --columns ${file.fieldNames![0]}; the row's number is ${rowField}`,
    });
  }
  const names = [...own, rowField];
  const renamed = new Map(map);
  if (columns?.includes(rowField)) return { names, wanted: columns, renamed };
  if (renamed.has(rowField)) return { names, wanted: [rowField, ...own], renamed };
  const hasId = own.some((name) => (renamed.get(name) ?? name) === 'id');
  if (!newTable || hasId) return { names, wanted: own, renamed };
  return { names, wanted: [rowField, ...own], renamed: renamed.set(rowField, 'id') };
}
