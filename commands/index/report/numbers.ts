import { milliseconds } from '../sweep-text.ts';

/** `0.41 ms`, `12.3 ms`: the number stays with its unit. */
export function latency(value: number): string {
  return `${milliseconds(value)}\u00a0ms`;
}
