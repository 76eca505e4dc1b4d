import type { VectorType } from '../vector/metrics.ts';
import { quoteName, quoteQualified } from './identifiers.ts';

/** What is to become of a column's vectors. */
export interface VectorChange {
  column: string;
  /** Where pgvector lives. */
  schema: string;
  from: VectorType;
  to: VectorType;
  /** Dimensions that the column is declared with; undefined: they vary. */
  declared: number | undefined;
  /** Keeps the first so many elements, and brings what was cut to length 1; no more than are declared. */
  cut: number | undefined;
  /** Brings every vector to length 1. */
  normalize: boolean;
}

/**
 * The vectors of a column after a change, as the database makes them: the same as what src/vector/transform.ts makes of
 * a file's. A vector that has `cut` elements already is not cut, and so keeps its length.
 * https://github.com/pgvector/pgvector#vector-functions
 */
export function changedVector(change: VectorChange): string {
  const { schema, to, normalize } = change;
  const call = (name: string, ...args: string[]) => `${quoteQualified(schema, name)}(${args.join(', ')})`;
  const cast = (value: string, type: string) => `(${value})::${quoteQualified(schema, type)}`;
  const cut = change.cut === change.declared ? undefined : change.cut;
  let value = quoteName(change.column);
  let type = change.from;
  const needsFloats =
    type === 'halfvec'
      ? cut !== undefined || normalize
      : type === 'sparsevec' && (cut !== undefined || to === 'bit');
  if (needsFloats) {
    value = cast(value, 'vector');
    type = 'vector';
  }
  const whole = normalize ? call('l2_normalize', value) : value;
  if (cut === undefined) value = whole;
  else {
    const short = call('l2_normalize', call('subvector', value, '1', String(cut)));
    value =
      change.declared === undefined
        ? `CASE WHEN ${call('vector_dims', value)} > ${cut} THEN ${short} ELSE ${whole} END`
        : short;
    // Shorter ones are refused.
    value = `${cast(value, 'vector')}(${cut})`;
  }
  if (to === 'bit') return type === 'bit' ? value : call('binary_quantize', value);
  return to === type ? value : cast(value, to);
}
