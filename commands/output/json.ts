/**
 * A value as one JSON document with a newline. Integers beyond 2⁵³ are strings, NaN and the infinities null;
 * keys whose value is undefined are left out.
 */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, exact, 2)}\n`;
}

/** A value as one JSON line, for streams of them. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, exact)}\n`;
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
