import { type Column, isValid } from '../../../batch.ts';
import type { SessionFacts, ValueType } from '../../../values/types.ts';
import type { Road } from '../format.ts';
import { BadValue, elementsColumn, type ColumnDecoder as RunDecoder } from '../vectors/columns.ts';
import { type ElementArray, type ElementName, elementTypes } from '../vectors/elements.ts';
import type { ColumnDecoder } from './columns.ts';
import { commonLength } from './lists.ts';
import { numbersOf } from './scalar-text.ts';
import { validityOf } from './validity.ts';
import type { FieldValues, ListValues } from './values.ts';

/**
 * Lists of numbers into a vector or halfvec column: as one run of elements, which is how they lie where no row is
 * NULL.
 * @param byText for what a column without dimensions may hold, lists that are not of one length
 */
export function vectorColumn(
  element: ElementName,
  type: ValueType,
  road: Road,
  session: SessionFacts,
  byText: ColumnDecoder,
): ColumnDecoder {
  const elementType = elementTypes[element];
  const decoders = new Map<number, RunDecoder>();
  const decoderFor = (dimensions: number): RunDecoder => {
    const known = decoders.get(dimensions) ?? vectorsOf(dimensions, element, type, road, session);
    decoders.set(dimensions, known);
    return known;
  };
  return (values, from, count) => {
    const lists = listsOf(values);
    refuseNulls(lists, from, count, type.name);
    const dimensions = type.length ?? commonLength(lists, from, count);
    if (!dimensions) return byText(values, from, count);
    checkLengths(lists, from, count, dimensions);
    const validity = validityOf(lists.validity, from, count);
    const first = lists.offsets[from]!;
    const whole = lists.offsets[from + count]! - first === count * dimensions;
    const elements = numbersOf(lists.elements);
    const laid =
      whole && validity === undefined
        ? { elements, first }
        : { elements: spread(lists, from, count, dimensions, elements, elementType.size), first: 0 };
    const rows = {
      ...laid,
      type: elementType,
      dimensions,
      scalar: false,
      rowStep: dimensions,
      columnStep: 1,
    };
    const column = decoderFor(dimensions)({ rows, from: 0, count, number: 0 });
    return { ...column, validity } as Column;
  };
}

function vectorsOf(
  dimensions: number,
  element: ElementName,
  type: ValueType,
  road: Road,
  session: SessionFacts,
): RunDecoder {
  const shape = {
    format: '',
    file: '',
    prefix: 0,
    bigEndian: false,
    columnMajor: false,
    scalar: false,
  } as const;
  const column = { name: '', field: 0, type, inferred: false };
  return elementsColumn(column, { ...shape, dimensions, element }, road, session);
}

function listsOf(values: FieldValues): ListValues {
  if (values.kind === 'list') return values;
  throw new Error(`lists were expected, and there are ${values.kind}`);
}

function checkLengths(
  { offsets, validity }: ListValues,
  from: number,
  count: number,
  dimensions: number,
): void {
  for (let row = from; row < from + count; row++) {
    const length = offsets[row + 1]! - offsets[row]!;
    if (length === dimensions || !isValid(validity, row)) continue;
    const message =
      length === 0
        ? 'vector must have at least 1 dimension'
        : `expected ${dimensions} dimensions, not ${length}`;
    throw new BadValue({ sqlstate: '22000', message }, row - from);
  }
}

function refuseNulls(
  { offsets, validity, elements }: ListValues,
  from: number,
  count: number,
  type: string,
): void {
  if (elements.validity === undefined) return;
  for (let row = from; row < from + count; row++) {
    if (!isValid(validity, row)) continue;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      if (isValid(elements.validity, at)) continue;
      const message = `element ${at - offsets[row]! + 1} is NULL, which a ${type} cannot hold`;
      throw new BadValue({ sqlstate: '22004', message }, row - from);
    }
  }
}

/** The rows' elements, `dimensions` a row, with zeros where a row is NULL. @param size bytes an element */
function spread(
  { offsets, validity }: ListValues,
  from: number,
  count: number,
  dimensions: number,
  elements: ElementArray,
  size: number,
): ElementArray {
  const steps = size / elements.BYTES_PER_ELEMENT; // array elements a value
  const Elements = elements.constructor as new (length: number) => ElementArray;
  const out = new Elements(count * dimensions * steps);
  for (let i = 0; i < count; i++) {
    if (!isValid(validity, from + i)) continue;
    const start = offsets[from + i]! * steps;
    out.set(elements.subarray(start, start + dimensions * steps), i * dimensions * steps);
  }
  return out;
}
