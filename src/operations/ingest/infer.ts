import type { ValueKind } from '../../formats/read/format.ts';
import { TAKEN } from '../../text-reader.ts';
import { textReader } from '../../values/types.ts';
import { type WrittenVector, writtenVector } from '../../vector/forms.ts';

/** What a sample of a field's values says of its type. */
export type InferredType =
  | { name: 'int8' | 'float8' | 'bool' | 'uuid' | 'timestamptz' | 'jsonb' | 'text' }
  | { name: 'vector' | 'sparsevec'; dimensions: number };

type ScalarName = Exclude<InferredType['name'], 'vector' | 'sparsevec' | 'text'>;

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
 * A vector may have more dimensions than its type can.
 * @param kind what the values are, where the format tells: a string of digits is no number then
 */
export function inferType(values: readonly (string | null)[], kind?: ValueKind): InferredType {
  const texts = values.filter((value) => value !== null);
  if (texts.length === 0) return { name: 'text' };
  const vector = commonVector(texts, kind);
  if (vector?.sure) {
    return { name: vector.form === 'sparse' ? 'sparsevec' : 'vector', dimensions: vector.dimensions };
  }
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

/**
 * How vectors are written, where every value is one, all in one form and of one length. `sure`: one of them at least
 * can be nothing else.
 */
export function commonVector(
  values: readonly (string | null)[],
  kind?: ValueKind,
): WrittenVector | undefined {
  // JSON's own numbers and words are none.
  if (kind === 'number' || kind === 'boolean') return undefined;
  let common: WrittenVector | undefined;
  for (const value of values) {
    if (value === null) continue;
    const written = writtenVector(value);
    if (written === undefined) return undefined;
    common ??= written;
    if (written.form !== common.form || written.dimensions !== common.dimensions) return undefined;
    if (written.sure && !common.sure) common = written;
  }
  return common;
}

/** Where all values are lists of numbers but not of one length: the first one's, and the first other one. */
export function differingLists(
  values: readonly (string | null)[],
): { dimensions: number; other: number; row: number } | undefined {
  const lengths = values.map((value) => (value === null ? 0 : listLength(value)));
  const dimensions = lengths.find((length) => length !== 0);
  if (dimensions === undefined || lengths.includes(undefined)) return undefined;
  const at = lengths.findIndex((length) => length !== 0 && length !== dimensions);
  return at < 0 ? undefined : { dimensions, other: lengths[at]!, row: at + 1 };
}

function listLength(text: string): number | undefined {
  const written = writtenVector(text);
  return written?.form === 'list' || written?.form === 'array' ? written.dimensions : undefined;
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
