import { UsageError } from '../../errors.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import {
  arrayHolds,
  type Comparison,
  type Condition,
  columnCompares,
  columnEquals,
  jsonContains,
  jsonNumberCompares,
  jsonTextCompares,
} from '../../sql/search-conditions.ts';
import type { ColumnDescription, TableDescription, TypeDescription } from '../tables.ts';

/** What a column, or what lies at a path in a JSON column, must be. */
export interface Filter {
  /** `section`, `metadata.section` */
  key: string;
  /** `=`: one of the values. */
  operator: '=' | Comparison;
  /** For a comparison, one. */
  values: readonly string[];
}

/**
 * A filter as a condition. A column equals one of the values, read as the column's type, or compares with it; an array
 * holds one; a JSON column, or what lies at a path in it, contains one, or is a number or text that compares so.
 * @throws UsageError where the table has no such column, or it cannot be compared
 */
export function filterCondition(table: TableDescription, { key, operator, values }: Filter): Condition {
  const column = table.columns.find(({ name }) => name === key);
  if (column !== undefined && !isJson(column)) return columnCondition(column, operator, values);
  const json = column ?? jsonColumnOf(table, key);
  const path = key === json.name ? [] : key.slice(json.name.length + 1).split('.');
  if (operator !== '=') return jsonComparison(json.name, path, operator, values[0]!);
  return jsonContains(
    json.name,
    values.flatMap(jsonValues).map((document) => nested(path, document)),
  );
}

/** The rows of one tenant. @throws UsageError where the table has no such column */
export function tenantCondition(table: TableDescription, tenant: string, name = 'tenant_id'): Condition {
  const column = table.columns.find((each) => each.name === name);
  if (column !== undefined) return columnEquals(name, castType(column.base), [tenant]);
  throw new UsageError(`column ${name} does not exist in ${table.shown}`, {
    code: 'no-column',
    column: name,
    hint: 'name the column that tells tenants apart with --tenant-column',
  });
}

/** A type as a cast names it, without a length that would cut the value. */
export function castType(type: TypeDescription): string {
  return quoteQualified(type.schema, type.name);
}

function columnCondition(
  { name, base, element, declared }: ColumnDescription,
  operator: Filter['operator'],
  values: readonly string[],
): Condition {
  if (operator === '=') {
    return element === null
      ? columnEquals(name, castType(base), values)
      : arrayHolds(name, castType(element), values);
  }
  if (element === null) return columnCompares(name, operator, castType(base), values[0]!);
  throw new UsageError(`filter ${name}${operator} compares, and ${name} is a list, ${declared}`, {
    code: 'bad-filter',
    hint: `--filter ${name}=<value> takes the rows whose list holds the value`,
  });
}

/** A number compares with numbers, anything else with texts: dates as ISO 8601 writes them come out right. */
function jsonComparison(
  column: string,
  path: readonly string[],
  comparison: Comparison,
  value: string,
): Condition {
  const parsed = parseJson(value);
  if (typeof parsed === 'number') return jsonNumberCompares(column, path, comparison, value);
  return jsonTextCompares(column, path, comparison, typeof parsed === 'string' ? parsed : value);
}

function jsonColumnOf(table: TableDescription, key: string): ColumnDescription {
  const holding = table.columns.filter(({ name }) => key.startsWith(`${name}.`));
  // Names may hold dots themselves: the longest one is meant.
  const column = holding.sort((a, b) => b.name.length - a.name.length)[0];
  const hint = `columns of ${table.shown}: ${table.columns.map(({ name }) => name).join(', ')}`;
  if (column === undefined) {
    throw new UsageError(`filter ${key} names no column of ${table.shown}`, { code: 'no-column', hint });
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
