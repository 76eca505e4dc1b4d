import { UsageError } from '../../../errors.ts';
import type { OpenedFile } from '../../../formats/read/format.ts';
import { type MappedColumn, type MappingOptions, mapFields } from '../mapping.ts';

interface FieldOptions extends Omit<MappingOptions, 'embedded'> {
  key?: readonly string[] | undefined;
  embed?: { columns: readonly (readonly [source: string, column: string])[] } | undefined;
}

/**
 * What can be said against a load once its file is open, whatever table the rows go into.
 * @throws UsageError, DataError where options name what the file has not
 */
export function checkFields(file: OpenedFile, options: FieldOptions): void {
  // What else the fields may be called the table tells.
  if (file.implied !== undefined || (file.fieldNames ?? options.columns) === undefined) return;
  // The endpoint need not be asked for the dimensions yet.
  const embedded = options.embed && { columns: options.embed.columns, dimensions: 0 };
  checkFilled(mapFields(file, { ...options, embedded }, undefined), options);
}

/** @throws UsageError where options name a column that nothing goes into */
export function checkFilled(
  mapped: readonly MappedColumn[],
  { key = [], types = new Map() }: Pick<FieldOptions, 'key' | 'types'>,
): void {
  const isFilled = (name: string) => mapped.some(({ column }) => column === name);
  const absent = key.find((name) => !isFilled(name));
  if (absent !== undefined) {
    throw new UsageError(`--key names ${absent}, which no field goes into`, {
      code: 'no-key',
      column: absent,
    });
  }
  for (const column of types.keys()) {
    if (!isFilled(column)) {
      throw new UsageError(`--types names ${column}, which no field goes into`, { column });
    }
  }
}
