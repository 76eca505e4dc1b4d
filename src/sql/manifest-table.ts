import type { Statement } from '../database/database.ts';
import { quoteLiteral, quoteName, quoteQualified } from './identifiers.ts';

/** A table that a manifest tells of; types, expressions and definitions as SQL writes them. */
interface ToldTable {
  unlogged: boolean;
  comment: string | null;
  columns: readonly ToldColumn[];
  constraints: readonly { name: string; definition: string }[];
  indexes: readonly { name: string; unique: boolean; definition: string; comment: string | null }[];
}

interface ToldColumn {
  name: string;
  type: string;
  notNull: boolean;
  default: string | null;
  generated: { kind: string; expression: string } | null;
  numbered: { by: string; next: string | null } | null;
  collation: string | null;
  comment: string | null;
}

export interface NewTable {
  schema: string;
  name: string;
}

/**
 * The statements that make a table as a manifest tells of it, with its indexes, one after the other. Run them with a
 * search path on which pgvector is found.
 * @param named whether constraints and indexes get the names they had: in a table of another name they would be wrong
 */
export function makeTable({ schema, name }: NewTable, table: ToldTable, named: boolean): Statement[] {
  const at = quoteQualified(schema, name);
  const constraints = table.constraints.map(
    (each) => `${named ? `CONSTRAINT ${quoteName(each.name)} ` : ''}${each.definition}`,
  );
  const lines = [...table.columns.map(columnLine), ...constraints];
  const texts = [
    `CREATE ${table.unlogged ? 'UNLOGGED ' : ''}TABLE ${at} (\n  ${lines.join(',\n  ')}\n)`,
    ...comment(`TABLE ${at}`, table.comment),
    ...table.columns.flatMap((column) => comment(`COLUMN ${at}.${quoteName(column.name)}`, column.comment)),
    ...table.indexes.flatMap((index) => [
      `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${named ? `${quoteName(index.name)} ` : ''}ON ${at} USING ${index.definition}`,
      ...(named ? comment(`INDEX ${quoteQualified(schema, index.name)}`, index.comment) : []),
    ]),
  ];
  const numbers = table.columns.flatMap(({ name: column, numbered }): Statement[] =>
    numbered === null || numbered.next === null ? [] : [setNext(at, column, numbered.next)],
  );
  return [...texts.map((text) => ({ text })), ...numbers];
}

function columnLine(column: ToldColumn): string {
  const { generated, numbered } = column;
  const parts = [quoteName(column.name), typeOf(column)];
  if (column.collation !== null) parts.push(`COLLATE ${column.collation}`);
  if (generated !== null) {
    parts.push(`GENERATED ALWAYS AS (${generated.expression}) ${generated.kind.toUpperCase()}`);
  }
  if (numbered !== null && numbered.by !== 'serial') {
    parts.push(`GENERATED ${numbered.by === 'identity' ? 'BY DEFAULT' : 'ALWAYS'} AS IDENTITY`);
  }
  if (column.default !== null) parts.push(`DEFAULT ${column.default}`);
  if (column.notNull) parts.push('NOT NULL');
  return parts.join(' ');
}

const serialTypes: Record<string, string> = {
  smallint: 'smallserial',
  integer: 'serial',
  bigint: 'bigserial',
};

function typeOf({ type, numbered }: ToldColumn): string {
  return (numbered?.by === 'serial' && serialTypes[type]) || type;
}

function comment(on: string, text: string | null): string[] {
  return text === null ? [] : [`COMMENT ON ${on} IS ${quoteLiteral(text)}`];
}

/** The number that the next row without one gets. */
function setNext(table: string, column: string, next: string): Statement {
  return {
    text: 'SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence($1, $2)::regclass, $3::text::int8, false)',
    values: [table, column, next],
  };
}
