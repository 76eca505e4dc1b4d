import { isValid } from '../../../batch.ts';
import type { OpenedFile } from '../format.ts';
import { declaredTypes, type Metadata } from './declared-types.ts';
import type { ColumnarLayout, PieceRows } from './decoder.ts';
import { type FieldType, sqlType } from './field-type.ts';
import { commonLength } from './lists.ts';
import { fieldText } from './nested-text.ts';
import type { FieldValues } from './values.ts';

/** Rows whose lists tell whether a field's all have one length, and those that are shown as text. */
const [measuredRows, shownRows] = [1000, 20];

interface Sample {
  texts: (string | null)[];
  /** The length of all lists, where they have one. */
  dimensions: number | undefined;
}

/**
 * What an opened file of typed columns says of itself.
 * @param first rows at the file's beginning; undefined where there are none
 * @throws Damaged, RangeError
 */
export function columnarFile(
  layout: ColumnarLayout,
  first: PieceRows | undefined,
  metadata: Metadata = new Map(),
): Pick<OpenedFile, 'fieldNames' | 'fieldCount' | 'types' | 'sample' | 'layout'> {
  const { names, types, held } = layout;
  const declared = declaredTypes(metadata, names, types);
  const samples = new Map<number, Sample>();
  if (first !== undefined) {
    for (const field of held) samples.set(field, takeSample(types[field]!, first.field(field), first.count));
  }
  return {
    fieldNames: names,
    fieldCount: names.length,
    types: types.map((type, field) => declared[field] ?? sqlType(type, samples.get(field)?.dimensions)),
    sample: Array.from({ length: Math.min(shownRows, first?.count ?? 0) }, (_, row) =>
      names.map((_, field) => samples.get(field)?.texts[row] ?? null),
    ),
    layout,
  };
}

function takeSample(type: FieldType, values: FieldValues, rows: number): Sample {
  const texts = Array.from({ length: Math.min(rows, shownRows) }, (_, row) =>
    isValid(values.validity, row) ? fieldText(type, values, row, { name: 'text' }) : null,
  );
  return {
    texts,
    dimensions: values.kind === 'list' ? commonLength(values, 0, Math.min(rows, measuredRows)) : undefined,
  };
}
