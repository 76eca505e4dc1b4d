// What every measurement takes: `node scripts/run.mjs bench/<name>.ts [rounds] [scale]`.

/** How often each contestant has its turn; the median counts. */
export function rounds(usual = 5): number {
  return Number(process.argv[2] ?? usual);
}

/** So many rows or bytes, times the scale: a measurement in small shows that it works, no more. */
export function scaled(count: number): number {
  return Math.round(count * Number(process.argv[3] ?? 1));
}
