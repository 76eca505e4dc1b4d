import type { ValueType } from '../../../values/types.ts';
import type { VectorForm } from '../../../vector/forms.ts';
import type { VectorType } from '../../../vector/metrics.ts';
import type { VectorTransform } from '../../../vector/transform.ts';

/**
 * A column of the table, and how it is made of a batch's columns, the parts, which are numbered from 0. Plain data, as
 * it goes to the lanes.
 */
export interface ComposedColumn {
  name: string;
  source: ColumnSource;
}

export type ColumnSource =
  /** A part just as it was decoded. */
  | { kind: 'part'; part: number }
  /** The same text in every row, undefined for NULL. */
  | { kind: 'constant'; text: string | undefined; type: ValueType }
  /** What lies at the end of a path into a part that is JSON. */
  | { kind: 'path'; path: JsonPath; type: ValueType }
  /** One JSON object of many parts. */
  | { kind: 'object'; members: readonly ObjectMember[]; type: ValueType }
  | { kind: 'vector'; from: VectorSource; transform: VectorTransform; type: VectorType };

export interface JsonPath {
  part: number;
  /** Keys, and in lists indices from 0, from the outside in. */
  steps: readonly string[];
}

export interface ObjectMember {
  part: number;
  key: string;
  /**
   * json: values are JSON, and go in as they are; text: numbers and words that print as they are written, and true
   * and false, become JSON's, all else a string; string: all become strings; members: objects, whose members go in
   * without the key.
   */
  values: 'json' | 'text' | 'string' | 'members';
}

/** Where float32 vectors come from: a part that holds them, or their text. */
export type VectorSource =
  | { kind: 'part'; part: number; form: VectorForm }
  | { kind: 'path'; path: JsonPath; form: VectorForm }
  /** One number a part, and the names of the fields for messages. */
  | { kind: 'gathered'; parts: readonly number[]; names: readonly string[] }
  | EmbeddedSource;

/** What an endpoint makes of a part's texts, or of those at the end of a path into it. */
export interface EmbeddedSource {
  kind: 'embedded';
  part: number;
  steps: readonly string[] | undefined;
}
