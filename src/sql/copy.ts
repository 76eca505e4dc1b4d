import { quoteName } from './identifiers.ts';

/**
 * `COPY table (columns) FROM STDIN`, in COPY's binary or text format.
 * @param table quoted and qualified
 */
export function copyFrom(table: string, columns: readonly string[], format: 'binary' | 'text'): string {
  return `COPY ${table} (${columns.map(quoteName).join(', ')}) FROM STDIN (FORMAT ${format})`;
}
