import type { ValueType } from '../values/types.ts';
import type { ColumnDescription, TypeDescription } from './tables.ts';

/** Types of PostgreSQL's own and citext's, which is text on the wire. */
const hasPlainName = (type: TypeDescription) => type.schema === 'pg_catalog' || type.name === 'citext';

/** What a column's values are on the wire: a domain is its base type, an enum text. */
export function valueType(column: ColumnDescription): ValueType {
  const { base, element, vector, dimensions } = column;
  if (vector !== undefined) return { name: vector, length: dimensions };
  if (element !== null && base.category === 'A') {
    const type = scalarType(element);
    return type === undefined ? unknown : { name: 'array', element: { oid: element.oid, type } };
  }
  return scalarType(base) ?? unknown;
}

const unknown: ValueType = { name: 'unknown' };

function scalarType(type: TypeDescription): ValueType | undefined {
  if (type.kind === 'e') return { name: 'enum' };
  if (type.kind !== 'b' || !hasPlainName(type)) return undefined;
  return { name: type.name };
}
