import { isValid } from '../../../batch.ts';
import type { ValueType } from '../../../values/types.ts';
import { elementTypes } from '../vectors/elements.ts';
import { valueText } from '../vectors/value-text.ts';
import { type FieldType, isNested } from './field-type.ts';
import { numbersOf, scalarText } from './scalar-text.ts';
import type { FieldValues, ListValues } from './values.ts';

/** The value in slot `i`, which holds one, as the text that PostgreSQL reads a value of this type from. */
export function fieldText(type: FieldType, values: FieldValues, i: number, target: ValueType): string {
  if (!isNested(type)) return scalarText(type, values, i);
  if (type.kind === 'map' && target.name === 'sparsevec' && target.length !== undefined) {
    return sparseText(type, values as ListValues, i, target.length);
  }
  if (type.kind !== 'list' || values.kind !== 'list') return jsonText(type, values, i);
  const { element } = type;
  switch (target.name) {
    case 'array':
      return arrayText(element, values, i, target.element!.type);
    case 'vector':
    case 'halfvec':
    case 'sparsevec':
    case 'bit':
    case 'varbit':
      return element.kind === 'number' && allValid(values, i)
        ? numbersText(element.element, values, i, target)
        : jsonText(type, values, i);
    default:
      return jsonText(type, values, i);
  }
}

/** The same value as JSON; what JSON has no word for (NaN, dates, bytes) as a string that PostgreSQL reads. */
export function jsonText(type: FieldType, values: FieldValues, i: number): string {
  if (!isValid(values.validity, i)) return 'null';
  if (type.kind === 'list' && values.kind === 'list') {
    const texts = elementsOf(values, i).map((at) => jsonText(type.element, values.elements, at));
    return `[${texts.join(',')}]`;
  }
  if (type.kind === 'map' && values.kind === 'list') return mapText(type, values, i);
  if (type.kind === 'struct' && values.kind === 'struct') {
    const members = type.types.map(
      (each, field) => `${JSON.stringify(type.names[field])}:${jsonText(each, values.fields[field]!, i)}`,
    );
    return `{${members.join(',')}}`;
  }
  const text = scalarText(type, values, i);
  const bare =
    type.kind === 'json' || type.kind === 'decimal' || (type.kind === 'number' && !/[NI]/.test(text));
  return bare ? text : JSON.stringify(text);
}

/** Keys are text in JSON. */
function mapText(type: FieldType & { kind: 'map' }, values: ListValues, i: number): string {
  const members = entriesOf(type, values, i).map(([key, value]) => {
    return `${key.startsWith('"') ? key : JSON.stringify(key)}:${value}`;
  });
  return `{${members.join(',')}}`;
}

/** Keys are indices, from 1 on. */
function sparseText(
  type: FieldType & { kind: 'map' },
  values: ListValues,
  i: number,
  dimensions: number,
): string {
  const elements = entriesOf(type, values, i).map(([key, value]) => `${key}:${value}`);
  return `{${elements.join(',')}}/${dimensions}`;
}

/** Keys and values as JSON. */
function entriesOf(type: FieldType & { kind: 'map' }, values: ListValues, i: number): [string, string][] {
  const { elements } = values;
  if (elements.kind !== 'struct') throw new Error(`structs were expected, and there are ${elements.kind}`);
  const [keys, mapped] = elements.fields as readonly [FieldValues, FieldValues];
  return elementsOf(values, i).map((at) => [jsonText(type.key, keys, at), jsonText(type.value, mapped, at)]);
}

/** `{1,NULL,"a \"b\""}`: what is no plain number stands in quotes. */
function arrayText(element: FieldType, values: ListValues, i: number, target: ValueType): string {
  const texts = elementsOf(values, i).map((at) => {
    if (!isValid(values.elements.validity, at)) return 'NULL';
    const text = fieldText(element, values.elements, at, target);
    return element.kind === 'number' ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${texts.join(',')}}`;
}

function numbersText(
  element: keyof typeof elementTypes,
  values: ListValues,
  i: number,
  target: ValueType,
): string {
  const first = values.offsets[i]!;
  const dimensions = values.offsets[i + 1]! - first;
  const type = elementTypes[element];
  const rows = { elements: numbersOf(values.elements), type, dimensions, scalar: false, first };
  return valueText({ ...rows, rowStep: dimensions, columnStep: 1 }, 0, target);
}

/** Whether no element of list `i` is NULL. */
function allValid({ offsets, elements }: ListValues, i: number): boolean {
  if (elements.validity === undefined) return true;
  for (let at = offsets[i]!; at < offsets[i + 1]!; at++) if (!isValid(elements.validity, at)) return false;
  return true;
}

function elementsOf({ offsets }: ListValues, i: number): number[] {
  return Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, k) => offsets[i]! + k);
}
