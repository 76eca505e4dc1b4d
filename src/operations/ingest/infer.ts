import { maxDimensions } from '../../vector/limits.ts';

/** What a sample of a field's values says of its type. */
export type InferredType =
  | { name: 'int8' | 'float8' | 'bool' | 'uuid' | 'timestamptz' | 'jsonb' | 'text' }
  | { name: 'vector'; dimensions: number };

/** Each is tried in turn on every value of the sample; the first that all fit wins. */
const candidates: readonly {
  name: Exclude<InferredType['name'], 'vector' | 'text'>;
  fits: (text: string) => boolean;
}[] = [
  { name: 'int8', fits: isCanonicalInt64 },
  { name: 'float8', fits: isFloat },
  { name: 'bool', fits: (text) => /^(?:true|false|t|f)$/i.test(text) },
  { name: 'uuid', fits: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) },
  { name: 'timestamptz', fits: isTimestamp },
  { name: 'jsonb', fits: isJsonObject },
];

/**
 * The type of one field, from its values in the sample; NULLs say nothing, and a field of nothing else is text.
 */
export function inferType(values: readonly (string | null)[]): InferredType {
  const texts = values.filter((value) => value !== null);
  if (texts.length === 0) return { name: 'text' };
  const dimensions = commonDimensions(texts);
  if (dimensions !== undefined) return { name: 'vector', dimensions };
  return candidates.find(({ fits }) => texts.every(fits)) ?? { name: 'text' };
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

/** What prints as it was written: `007` and `+1` would come back changed. */
function isCanonicalInt64(text: string): boolean {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** A number with a point or an exponent, or small; long whole numbers and leading zeros are names, not amounts. */
function isFloat(text: string): boolean {
  if (!isDecimal(text) || /^[+-]?0\d/.test(text) || text.startsWith('+')) return false;
  return Number.isFinite(Number(text)) && (/[.e]/i.test(text) || Number.isSafeInteger(Number(text)));
}

function isTimestamp(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?$/.test(text) &&
    !Number.isNaN(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 16)}Z`))
  );
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
