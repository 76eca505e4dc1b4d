import { UsageError } from '../../errors.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { arrayHolds, type Condition, columnEquals, jsonContains } from '../../sql/search.ts';
import type { ColumnDescription, TableDescription, TypeDescription } from '../tables.ts';

/** `section` or `metadata.section`, and what it must be. */
export type Filter = readonly [key: string, value: string];

/**
 * A filter as a condition. A column equals the value, read as the column's type; an array holds it; a JSON column,
 * or what lies at a path in it, contains it.
 * @throws UsageError where the table has no such column
 */
export function filterCondition(table: TableDescription, [key, value]: Filter): Condition {
  const column = table.columns.find(({ name }) => name === key);
  if (column !== undefined && !isJson(column)) return columnCondition(column, value);
  const json = column ?? jsonColumnOf(table, key);
  const path = key === json.name ? [] : key.slice(json.name.length + 1).split('.');
  return jsonContains(
    json.name,
    jsonValues(value).map((document) => nested(path, document)),
  );
}

/** A type as a cast names it, without a length that would cut the value. */
export function castType(type: TypeDescription): string {
  return quoteQualified(type.schema, type.name);
}

function columnCondition(column: ColumnDescription, value: string): Condition {
  return column.element === null
    ? columnEquals(column.name, castType(column.base), value)
    : arrayHolds(column.name, castType(column.element), value);
}

function jsonColumnOf(table: TableDescription, key: string): ColumnDescription {
  const holding = table.columns.filter(({ name }) => key.startsWith(`${name}.`));
  // Names may hold dots themselves: the longest one is meant.
  const column = holding.sort((a, b) => b.name.length - a.name.length)[0];
  const hint = `columns of ${table.name}: ${table.columns.map(({ name }) => name).join(', ')}`;
  if (column === undefined) {
    throw new UsageError(`filter ${key} names no column of ${table.name}`, { code: 'no-column', hint });
  }
  if (isJson(column)) return column;
  throw new UsageError(
    `filter ${key} is a path into ${column.name}, which is ${column.declared} and not jsonb`,
    {
      code: 'no-column',
      hint,
    },
  );
}

function isJson({ base }: ColumnDescription): boolean {
  return base.schema === 'pg_catalog' && (base.name === 'jsonb' || base.name === 'json');
}

/** What a value may mean, as JSON: text, and the number, true, false or null that it reads as. */
function jsonValues(value: string): string[] {
  const text = JSON.stringify(value);
  const parsed = parseJson(value);
  if (parsed === undefined) return [text];
  // A list, an object and a quoted text can only be meant as JSON. The text itself goes on: 20 digits stay 20.
  const isBare = parsed === null || typeof parsed === 'number' || typeof parsed === 'boolean';
  return isBare ? [text, value] : [value];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `['a', 'b']`, `1` → `{"a":{"b":1}}` */
function nested(path: readonly string[], document: string): string {
  return path.reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, document);
}
