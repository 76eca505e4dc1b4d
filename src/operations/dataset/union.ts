import type { OpenedFile } from '../../formats/read/format.ts';

/** What is known of one file's fields. */
export type KnownFields = Pick<OpenedFile, 'fieldNames' | 'types' | 'sample'>;

/**
 * The fields of several files of typed columns, each once, in the order in which they come; a type that all of a field's
 * files can be read as. A field that has no value where a file begins says nothing of its type: writers give it any.
 */
export function unionOfFields(files: readonly KnownFields[]): Map<string, string> {
  const union = new Map<string, { type: string; sure: boolean }>();
  for (const { fieldNames = [], types = [], sample } of files) {
    for (const [field, name] of fieldNames.entries()) {
      const sure = sample.some((record) => record[field] !== null);
      const found = { type: types[field]!, sure };
      const before = union.get(name);
      union.set(name, before === undefined ? found : common(before, found));
    }
  }
  return new Map([...union].map(([name, { type }]) => [name, type]));
}

type Found = { type: string; sure: boolean };

function common(before: Found, found: Found): Found {
  if (before.sure !== found.sure) return before.sure ? before : found;
  return { type: commonType(before.type, found.type), sure: before.sure };
}

/** From the narrowest; a whole number among others may be too long for real. */
const numbers = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'];

function commonType(one: string, other: string): string {
  if (one === other) return one;
  const [low, high] = [one, other].map((type) => numbers.indexOf(type)).sort((a, b) => a - b) as [
    number,
    number,
  ];
  if (low >= 0) return high >= numbers.indexOf('real') && low !== high ? 'double precision' : numbers[high]!;
  // Vectors of several lengths.
  const vectors = [one, other].every((type) => /^vector\b/.test(type));
  return vectors ? 'vector' : 'text';
}
