import { UsageError } from '../errors.ts';

/** PostgreSQL keeps 63 bytes of a name (NAMEDATALEN − 1) and cuts the rest off with no more than a notice. */
const LONGEST_NAME = 63;

/** A table as it is named by a user. Names stand as they were typed: no folding to lower case. */
export interface TableName {
  /** Undefined: found by the session's search_path. */
  schema: string | undefined;
  name: string;
}

/** A name as a quoted identifier, whatever it holds: `say "hi"` becomes `"say ""hi"""`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."name"`, or `"name"` alone where there is no schema. */
export function quoteQualified(schema: string | undefined, name: string): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
}

/** Text as a string literal that reads the same whatever standard_conforming_strings is. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * Reads `[schema.]name`. A part in double quotes may hold dots and, doubled, quotes: `"my.schema"."a ""b"""`.
 * @throws UsageError when it is not one or two names of 1 to 63 bytes
 */
export function parseTableName(text: string): TableName {
  const [first, second, ...more] = splitParts(text);
  if (first === undefined || more.length > 0) {
    throw new UsageError(`table name ${text} has more than a schema and a name`, {
      hint: 'put a name that holds dots in double quotes: \'"my.table"\'',
    });
  }
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second };
}

function splitParts(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^".]*))(\.|$)/s.exec(rest);
    if (match === null) {
      throw new UsageError(`table name ${text} has a misplaced double quote`, {
        hint: 'write [schema.]name, each part either bare or wholly in double quotes',
      });
    }
    parts.push(checkName(match[1]?.replaceAll('""', '"') ?? match[2] ?? '', text));
    if (match[3] === '') return parts;
    rest = rest.slice(match[0].length);
  }
}

function checkName(name: string, whole: string): string {
  const hint = 'write [schema.]name';
  if (name === '') throw new UsageError(`table name "${whole}" has an empty part`, { hint });
  if (name.includes('\0')) throw new UsageError('table name holds a NUL character', { hint });
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw new UsageError(`name "${name}" is longer than ${LONGEST_NAME} bytes`, {
      hint: 'PostgreSQL would cut it off in silence: choose a shorter one',
    });
  }
  return name;
}
