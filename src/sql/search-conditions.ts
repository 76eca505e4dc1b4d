import { quoteName } from './identifiers.ts';

/** A condition as SQL; `bind` takes each of its values and gives the parameter that stands for it. */
export type Condition = (bind: (value: string) => string) => string;

/** A key's columns, each with the type (as SQL writes it) that its text is read as. */
export type KeyColumns = readonly { name: string; type: string }[];

export type Comparison = '<' | '<=' | '>' | '>=';

/** Parameters are text, and cast to what they are meant as: so the drivers need not know the types. */
export function binder(values: unknown[]): (value: string) => string {
  return (value) => `$${values.push(value)}::text`;
}

/** The row with this key. */
export function keyEquals(key: KeyColumns, id: readonly string[]): Condition {
  return (bind) =>
    key.map(({ name, type }, i) => columnEquals(name, type, [id[i] ?? ''])(bind)).join(' AND ');
}

/** Every row but the one with this key; a column called `id` that is no key may be NULL. */
export function keyDiffers(key: KeyColumns, id: readonly string[]): Condition {
  return (bind) => `(${keyEquals(key, id)(bind)}) IS NOT TRUE`;
}

/** A column that equals one of the values, read as the column's own type. */
export function columnEquals(column: string, type: string, values: readonly string[]): Condition {
  return (bind) => {
    const [first, ...more] = values.map((value) => `${bind(value)}::${type}`);
    const name = quoteName(column);
    return more.length === 0 ? `${name} = ${first}` : `${name} IN (${[first, ...more].join(', ')})`;
  };
}

/** A column that compares so with the value, read as the column's own type. */
export function columnCompares(
  column: string,
  comparison: Comparison,
  type: string,
  value: string,
): Condition {
  return (bind) => `${quoteName(column)} ${comparison} ${bind(value)}::${type}`;
}

/** An array column that holds one of the values; written so that a GIN index serves it. */
export function arrayHolds(column: string, elementType: string, values: readonly string[]): Condition {
  return (bind) => {
    const elements = values.map((value) => `${bind(value)}::${elementType}`);
    return `${quoteName(column)} && ARRAY[${elements.join(', ')}]`;
  };
}

const json = 'pg_catalog.jsonb';

/** A JSON column that contains one of the documents; written so that a GIN index serves it. */
export function jsonContains(column: string, documents: readonly string[]): Condition {
  return (bind) =>
    `(${documents.map((document) => `${quoteName(column)}::${json} @> ${bind(document)}::${json}`).join(' OR ')})`;
}

/** A number at a path in a JSON column that compares so with the number, which is JSON. What is no number does not. */
export function jsonNumberCompares(
  column: string,
  path: readonly string[],
  comparison: Comparison,
  number: string,
): Condition {
  return (bind) => {
    const value = jsonAt(column, path, bind);
    return `(jsonb_typeof(${value}) = 'number' AND ${value} ${comparison} ${bind(number)}::${json})`;
  };
}

/** A text at a path in a JSON column that compares so with the text, code point by code point. */
export function jsonTextCompares(
  column: string,
  path: readonly string[],
  comparison: Comparison,
  text: string,
): Condition {
  return (bind) => {
    const value = jsonAt(column, path, bind);
    return `(jsonb_typeof(${value}) = 'string' AND (${value} #>> '{}') COLLATE "C" ${comparison} ${bind(text)})`;
  };
}

function jsonAt(column: string, path: readonly string[], bind: (value: string) => string): string {
  return path.reduce((inner, key) => `(${inner} -> ${bind(key)})`, `${quoteName(column)}::${json}`);
}
