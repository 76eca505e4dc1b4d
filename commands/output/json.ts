/**
 * A value as one JSON document with a newline. Integers beyond 2⁵³ are strings, NaN and the infinities null;
 * keys whose value is undefined are left out.
 */
export function jsonDocument(value: unknown): string {
  return `${stringified(value, 2)}\n`;
}

/**
 * The same in pieces: each object in a list is one or several, as a whole document may be longer than a string can be
 * (V8: 2²⁹ characters).
 */
export function* jsonPieces(value: unknown): Generator<string> {
  yield* piecesOf(value, '\n');
  yield '\n';
}

/** @param newline with the indentation that the value's lines have */
function* piecesOf(value: unknown, newline: string): Generator<string> {
  if (!holdsObjects(value)) {
    yield stringified(value, 2)?.replaceAll('\n', newline) ?? 'null';
    return;
  }
  const isList = Array.isArray(value);
  const inner = `${newline}  `;
  let before = isList ? '[' : '{';
  for (const [key, each] of isList ? value.entries() : Object.entries(value)) {
    if (!isList && each === undefined) continue;
    yield `${before}${inner}${isList ? '' : `${JSON.stringify(key)}: `}`;
    yield* piecesOf(each, inner);
    before = ',';
  }
  yield `${newline}${isList ? ']' : '}'}`;
}

/** Whether a value is a list of objects, or has one as a field. */
function holdsObjects(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  if (Array.isArray(value)) return typeof value[0] === 'object' && value[0] !== null;
  return Object.values(value).some((field) => Array.isArray(field) && holdsObjects(field));
}

/** A value as one JSON line, for streams of them. */
export function jsonLine(value: unknown): string {
  return `${stringified(value)}\n`;
}

/** A replacer makes JSON.stringify many times slower, and only a bigint, which it refuses, needs one. */
function stringified(value: unknown, indent?: number): string | undefined {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch {
    return JSON.stringify(value, exact, indent);
  }
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
