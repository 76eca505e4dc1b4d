import type { OpenedFile, ValueKind } from '../../../formats/read/format.ts';
import { textAtPath } from '../compose/json-path.ts';

/** What a column of the table is filled from. Fields are indices in the file. */
export type ColumnOrigin =
  | { kind: 'field'; field: number }
  /** One field a dimension. */
  | { kind: 'gathered'; fields: readonly number[]; names: readonly string[]; numbered: boolean }
  /** One JSON object, with a member a field. */
  | { kind: 'object'; fields: readonly number[]; names: readonly string[] }
  | { kind: 'path'; field: number; steps: readonly string[] }
  /** Vectors that an endpoint makes of a field's texts, or of those at the end of a path into it. */
  | { kind: 'embedded'; field: number; steps: readonly string[] | undefined; dimensions: number }
  /** The same in every row; undefined: NULL. `flag`: which says so. */
  | { kind: 'constant'; text: string | undefined; flag: '--set' | '--tenant' };

/** What the file's first rows say of a column. */
export interface ColumnSample {
  values: (string | null)[];
  /** What the values are, where the format tells. */
  kind: ValueKind | undefined;
}

/** A column's values in the sample, as text. */
export function sampleOf(origin: ColumnOrigin, file: OpenedFile): ColumnSample {
  switch (origin.kind) {
    case 'field': {
      const { field } = origin;
      return { values: file.sample.map((record) => record[field] ?? null), kind: file.kinds?.[field] };
    }
    case 'gathered':
      return { values: file.sample.map((record) => listOf(record, origin.fields)), kind: undefined };
    case 'path':
      return pathSample(origin, file);
    case 'object':
    case 'embedded':
    case 'constant':
      return { values: [], kind: undefined };
  }
}

function listOf(record: readonly (string | null)[], fields: readonly number[]): string | null {
  const values = fields.map((field) => record[field] ?? null);
  return values.every((value) => value === null) ? null : `[${values.join(',')}]`;
}

/** Strings are strings where the format tells kinds of values, and text of any kind where it does not. */
function pathSample({ field, steps }: ColumnOrigin & { kind: 'path' }, file: OpenedFile): ColumnSample {
  const found = file.sample.map((record) => {
    const document = record[field] ?? null;
    return document === null ? null : textAtPath(document, steps);
  });
  const values = found.map((value) => value?.text ?? null);
  const some = found.filter((value) => value !== null);
  const documents = some.some(({ text, string }) => !string && /^[[{]/.test(text));
  if (documents) return { values, kind: 'document' };
  const strings = some.filter(({ string }) => string).length;
  if (strings === 0) return { values, kind: undefined };
  return { values, kind: strings === some.length ? 'string' : 'scalar' };
}
