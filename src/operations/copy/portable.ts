import type { ColumnDescription, TypeDescription } from '../tables.ts';

/** Types without a binary form. */
const withoutBinary = new Set(['aclitem', 'gtsvector']);

/**
 * Whether a value's binary form means the same on another database: that of PostgreSQL's own types and pgvector's,
 * of enums, which is their label, and of citext, which is text. Not where it holds OIDs of types or objects that each
 * database numbers by itself: composite types, arrays of other types, regclass and the like.
 */
export function isPortable({ base, element, vector }: ColumnDescription): boolean {
  if (vector !== undefined || base.kind === 'e' || base.name === 'citext') return true;
  return isOwn(base) && (base.category !== 'A' || (element !== null && isOwn(element)));
}

/** One of PostgreSQL's: base types, ranges and multiranges. */
function isOwn({ schema, name, kind }: TypeDescription): boolean {
  return (
    schema === 'pg_catalog' && 'brm'.includes(kind) && !name.startsWith('reg') && !withoutBinary.has(name)
  );
}

/** Whether the values of one column are those of the other, domains and the names of enums apart. */
export function isSameType(one: ColumnDescription, other: ColumnDescription): boolean {
  if (one.base.kind === 'e') return other.base.kind === 'e';
  return (
    one.base.name === other.base.name && (one.base.name === 'citext' || one.base.schema === other.base.schema)
  );
}
