/** A share as people compare them: `0.953`. */
export function shareText(value: number): string {
  return value.toFixed(3);
}

/** `0.84`, `12.3`. */
export function milliseconds(value: number): string {
  return value < 100 ? value.toPrecision(value < 1 ? 2 : 3) : value.toFixed(0);
}
