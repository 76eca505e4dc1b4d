import type { ValueType } from '../../../values/types.ts';
import type { WriteColumn } from '../format.ts';

/** The key, among a file's metadata, of the columns' types in the database, which a reader of ours makes a table from. */
export const typesKey = 'pgv';

/** The metadata: `{"types": {"embedding": "halfvec(3)"}}`. An enum is text, as its type may be nowhere else. */
export function typesMetadata(columns: readonly WriteColumn[]): string {
  return JSON.stringify({
    types: Object.fromEntries(columns.map(({ name, type }) => [name, sqlName(type)])),
  });
}

const sqlNames: Record<string, string> = {
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  enum: 'text',
};

function sqlName({ name, length, element }: ValueType): string {
  if (element !== undefined) return `${sqlName(element.type)}[]`;
  const known = Object.hasOwn(sqlNames, name) ? sqlNames[name]! : name;
  return length === undefined ? known : `${known}(${length})`;
}
