import { typesKey } from '../../write/columnar/sql-types.ts';
import type { FieldType } from './field-type.ts';

/** A file's own metadata. */
export type Metadata = ReadonlyMap<string, string>;

/** Types of PostgreSQL that are written as text, there being no other way; what extensions and users have made is not here. */
const writtenAsText = new Set(
  `varchar bpchar name numeric varbit sparsevec interval timetz inet cidr macaddr macaddr8 money xml tsvector tsquery
  point line lseg box path polygon circle int4range int8range numrange tsrange tstzrange daterange oid pg_lsn jsonpath`.split(
    /\s+/,
  ),
);

/**
 * SQL's types of the fields where they are known from the database that they were written from, and are not what the
 * format's own types say already; undefined for all others, and where the file's word does not fit its values.
 */
export function declaredTypes(
  metadata: Metadata,
  names: readonly string[],
  types: readonly FieldType[],
): (string | undefined)[] {
  const declared = parse(metadata.get(typesKey));
  return names.map((name, i) => {
    const said = Object.hasOwn(declared, name) ? declared[name] : undefined;
    return typeof said === 'string' && fits(said, types[i]!) ? said : undefined;
  });
}

function fits(declared: string, type: FieldType): boolean {
  switch (type.kind) {
    case 'list':
      return type.element.kind === 'number' && type.element.element !== 'b1'
        ? /^(?:(?:vector|halfvec)(?:\(\d{1,5}\))?|(?:smallint|integer|bigint|real|double precision)\[\])$/.test(
            declared,
          )
        : false;
    case 'map':
      return /^sparsevec\(\d{1,10}\)$/.test(declared);
    case 'json':
      return declared === 'json';
    case 'text':
      return writtenAsText.has(declared) || /^bit\(\d{1,8}\)$/.test(declared);
    default:
      return false;
  }
}

/** Anyone may have written it. */
function parse(text: string | undefined): Record<string, unknown> {
  try {
    const { types } = JSON.parse(text ?? '{}');
    return typeof types === 'object' && types !== null ? types : {};
  } catch {
    return {};
  }
}
