import { quoteLiteral, quoteName, quoteQualified } from './identifiers.ts';

/** Which rows and columns of a table. */
export interface Selection {
  schema: string;
  table: string;
  columns: readonly string[];
  /** SQL that the user wrote, as are the keys of `orderBy`. */
  where?: string | undefined;
  orderBy?: string | undefined;
  limit?: number | undefined;
}

/** A user's SQL ends at a line end, so that a comment in it does not swallow what follows. */
export function selectRows({ schema, table, columns, where, orderBy, limit }: Selection): string {
  const lines = [`SELECT ${columns.map(quoteName).join(', ')}`, `FROM ${quoteQualified(schema, table)}`];
  if (where !== undefined) lines.push(`WHERE (${where}\n)`);
  if (orderBy !== undefined) lines.push(`ORDER BY ${orderBy}`);
  if (limit !== undefined) lines.push(`LIMIT ${limit}`);
  return lines.join('\n');
}

/** How COPY writes; the types of src/formats/write fit in. */
export type CopyFormat =
  | { format: 'binary' }
  | { format: 'csv'; header: boolean; null: string; delimiter: string };

/** `COPY (query) TO STDOUT`: works for tables, views and partitioned tables alike, and in one snapshot. */
export function copyQueryOut(query: string, options: CopyFormat): string {
  return `COPY (\n${query}\n) TO STDOUT (${copyOptions(options)})`;
}

function copyOptions(options: CopyFormat): string {
  if (options.format === 'binary') return 'FORMAT binary';
  const parts = ['FORMAT csv', `HEADER ${options.header}`];
  // The defaults are left out, so that what --verbose shows is what a person would have written.
  if (options.delimiter !== ',') parts.push(`DELIMITER ${quoteLiteral(options.delimiter)}`);
  if (options.null !== '') parts.push(`NULL ${quoteLiteral(options.null)}`);
  return parts.join(', ');
}
