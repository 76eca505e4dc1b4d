/** Reads one value from PostgreSQL's text. */
export type ValueParser = (text: string) => unknown;

const asText: ValueParser = (text) => text;
const asBoolean: ValueParser = (text) => text === 't' || text === 'true';

/** int8 as a number where it is exact, else its digits: beyond 2⁵³ a double would lie. */
function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** The texts and the numbers of a JSON document. */
const jsonScalars = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with its integers as parseInt8 has them: beyond 2⁵³ as strings. */
function parseJson(text: string): unknown {
  return JSON.parse(/\d{16}/.test(text) ? text.replace(jsonScalars, exactScalar) : text);
}

function exactScalar(token: string): string {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
}

/** The types whose values are not left as text, by OID (pg_type.dat: these never change). */
const parsers: ReadonlyMap<number, ValueParser> = new Map<number, ValueParser>([
  [16, asBoolean], // bool
  [20, parseInt8], // int8
  [21, Number], // int2
  [23, Number], // int4
  [26, Number], // oid
  [700, Number], // float4
  [701, Number], // float8
  [114, parseJson], // json
  [3802, parseJson], // jsonb
  [1009, arrayOf(asText)], // text[]
  [1015, arrayOf(asText)], // varchar[]
  [1003, arrayOf(asText)], // name[]
  [1005, arrayOf(Number)], // int2[]
  [1007, arrayOf(Number)], // int4[]
  [1016, arrayOf(parseInt8)], // int8[]
  [1028, arrayOf(Number)], // oid[]
]);

/** How a value of this type is read, as QueryResult (database.ts) promises; text for every type not named. */
export function parserOf(oid: number): ValueParser {
  return parsers.get(oid) ?? asText;
}

function arrayOf(element: ValueParser): ValueParser {
  return (text) => parseArray(text, element);
}

/**
 * Reads PostgreSQL's text of an array, of any depth, with or without bounds (`[0:1]={a,b}`).
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
function parseArray(text: string, element: ValueParser): unknown[] {
  let at = text.indexOf('{');

  function readArray(): unknown[] {
    const values: unknown[] = [];
    at += 1; // {
    while (text[at] !== '}') {
      if (text[at] === ',') at += 1;
      else if (text[at] === '{') values.push(readArray());
      else values.push(text[at] === '"' ? element(readQuoted()) : readBare());
    }
    at += 1; // }
    return values;
  }

  function readQuoted(): string {
    let value = '';
    for (at += 1; text[at] !== '"'; at += 1) {
      if (text[at] === '\\') at += 1;
      value += text[at];
    }
    at += 1;
    return value;
  }

  function readBare(): unknown {
    const start = at;
    while (text[at] !== ',' && text[at] !== '}') at += 1;
    const bare = text.slice(start, at);
    return bare === 'NULL' ? null : element(bare);
  }

  return readArray();
}

/**
 * Rows of values as objects by column name, and the names: of several columns with one name, the second is called
 * `name_2`, so that no value hides another.
 */
export function namedRows<Row>(
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
): { rows: Row[]; columns: string[] } {
  const columns = distinctNames(names);
  const named = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])) as Row);
  return { rows: named, columns };
}

function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const used = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let number = 2; used.has(distinct); number++) {
      const numbered = `${name}_${number}`;
      if (!taken.has(numbered)) distinct = numbered;
    }
    used.add(distinct);
    return distinct;
  });
}
