/**
 * A value as one JSON document with a newline. Integers beyond 2⁵³ are strings, NaN and the infinities null;
 * keys whose value is undefined are left out.
 */
export function jsonDocument(value: unknown): string {
  return `${stringified(value, 2)}\n`;
}

/** A value as one JSON line, for streams of them. */
export function jsonLine(value: unknown): string {
  return `${stringified(value)}\n`;
}

/** A replacer makes JSON.stringify many times slower, and only a bigint, which it refuses, needs one. */
function stringified(value: unknown, indent?: number): string {
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
