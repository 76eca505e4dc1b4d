/** Copies source[start, end) to `out` from `at` on; returns where it ends. Within one array, only to the left. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  // Short runs: a loop beats the call.
  if (end - start < 32) for (let i = start; i < end; i++) out[at++] = source[i]!;
  else {
    out.set(source.subarray(start, end), at);
    at += end - start;
  }
  return at;
}
