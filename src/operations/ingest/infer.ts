import type { ValueKind } from '../../formats/read/format.ts';
import { TAKEN } from '../../text-reader.ts';
import { textReader } from '../../values/types.ts';
import { maxDimensions } from '../../vector/limits.ts';

/** What a sample of a field's values says of its type. */
export type InferredType =
  | { name: 'int8' | 'float8' | 'bool' | 'uuid' | 'timestamptz' | 'jsonb' | 'text' }
  | { name: 'vector'; dimensions: number };

type ScalarName = Exclude<InferredType['name'], 'vector' | 'text'>;

/** Each is tried in turn on every value of the sample; the first that all fit wins. */
const candidates: readonly { name: ScalarName; looks?: (text: string) => boolean }[] = [
  { name: 'int8' },
  { name: 'float8' },
  { name: 'bool' },
  { name: 'uuid', looks: (text) => text.length === 36 },
  // Not a date alone.
  { name: 'timestamptz', looks: (text) => text.length > 10 },
  { name: 'jsonb', looks: isJsonObject },
];

/** What can be inferred of values whose kind the format tells, besides vectors; else text. */
const typesOfKind: Record<ValueKind, readonly ScalarName[]> = {
  number: ['int8', 'float8'],
  boolean: ['bool'],
  string: ['uuid', 'timestamptz'],
  scalar: [],
  list: [],
  document: [],
};

/**
 * The type of one field, from its values in the sample; NULLs say nothing, and a field of nothing else is text.
 * @param kind what the values are, where the format tells: a string of digits is no number then
 */
export function inferType(values: readonly (string | null)[], kind?: ValueKind): InferredType {
  const texts = values.filter((value) => value !== null);
  if (texts.length === 0) return { name: 'text' };
  const dimensions = commonDimensions(texts);
  if (dimensions !== undefined) return { name: 'vector', dimensions };
  if (kind === 'list' || kind === 'document') return { name: 'jsonb' };
  const found = candidates.find(({ name, looks }) => {
    if (kind !== undefined && !typesOfKind[kind].includes(name)) return false;
    const reads = readsAsWritten(name);
    return texts.every((text) => (looks === undefined || looks(text)) && reads(text));
  });
  return { name: found?.name ?? 'text' };
}

/** Whether the type's reader, the one that will load it, takes a text as a value that prints as it was written. */
function readsAsWritten(name: ScalarName): (text: string) => boolean {
  const reader = textReader({ name }, { utc: true, canonical: true })!;
  return (text) => {
    const bytes = Buffer.from(text);
    return reader.read(bytes, 0, bytes.length) === TAKEN;
  };
}

/** `[1,2.5,-3e-2]` in every value, all of one length: that length. */
function commonDimensions(texts: readonly string[]): number | undefined {
  const dimensions = countElements(texts[0]!);
  if (dimensions === undefined || dimensions > maxDimensions.vector) return undefined;
  return texts.every((text) => countElements(text) === dimensions) ? dimensions : undefined;
}

/** Where all values are lists of numbers but not of one length: the first one's, and the first other one. */
export function differingLists(
  values: readonly (string | null)[],
): { dimensions: number; other: number; row: number } | undefined {
  const lengths = values.map((value) => (value === null ? 0 : countElements(value)));
  const dimensions = lengths.find((length) => length !== 0);
  if (dimensions === undefined || lengths.includes(undefined)) return undefined;
  const at = lengths.findIndex((length) => length !== 0 && length !== dimensions);
  return at < 0 ? undefined : { dimensions, other: lengths[at]!, row: at + 1 };
}

/** How many numbers a text like `[1,2.5,-3e-2]` lists; undefined for any other text. */
export function countElements(text: string): number | undefined {
  const inner = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const elements = inner.split(',');
  return elements.every((element) => isElement(element.trim())) ? elements.length : undefined;
}

/** NaN and infinity are elements too: a list that holds one is a bad vector, and said to be one when it is loaded. */
function isElement(text: string): boolean {
  return isDecimal(text) || /^[+-]?(?:nan|inf(?:inity)?)$/i.test(text);
}

function isDecimal(text: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text);
}

function isJsonObject(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
