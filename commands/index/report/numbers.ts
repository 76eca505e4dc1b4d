import { count } from '../../output/units.ts';

/** Milliseconds with three digits: `0.412 ms`, `12.3 ms`, `1,204 ms`; they stay with their unit. */
export function milliseconds(value: number): string {
  return `${value < 99.95 ? value.toPrecision(3) : count(value)}\u00a0ms`;
}

/** `0.962`. */
export function share(recall: number): string {
  return recall.toFixed(3);
}
