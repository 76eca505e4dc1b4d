/** Rungs until the effort has doubled: neighbours differ by 4 %, and so about do their costs. */
export const rungsToDouble = 16;

/** Efforts from one to another, each a twenty-third or so more than the one before: whole numbers, none twice. */
export function ladder(from: number, to: number): number[] {
  const rungs: number[] = [];
  for (let i = 0; ; i++) {
    const effort = Math.round(from * 2 ** (i / rungsToDouble));
    if (effort >= to) return [...rungs, to];
    if (effort > (rungs.at(-1) ?? 0)) rungs.push(effort);
  }
}

/** Every so manyth rung, each about the double of the one before, and the last. */
export function coarse(rungs: readonly number[]): number[] {
  const chosen: number[] = [];
  for (const effort of rungs) if (effort >= 2 * (chosen.at(-1) ?? 0) * 0.98) chosen.push(effort);
  const last = rungs.at(-1)!;
  return chosen.at(-1) === last ? chosen : [...chosen, last];
}

/**
 * The lowest rung that passes, where rungs above a passing one pass too: looked for around a guess, as every look is
 * dear.
 * @param passes asked once a rung
 * @returns its place; undefined: not even the highest passes
 */
export async function lowestPassing(
  count: number,
  guess: number,
  passes: (rung: number) => Promise<boolean>,
): Promise<number | undefined> {
  // Below `low` all fail, from `high` on all pass.
  let low = 0;
  let high = count;
  let at = Math.min(count - 1, Math.max(0, guess));
  for (let step = 1; low < high; step *= 2) {
    if (await passes(at)) {
      high = at;
      at = Math.max(low, at - step);
    } else {
      low = at + 1;
      at = Math.min(high - 1, at + step);
    }
    const bracketed = low > 0 && high < count;
    if (bracketed) at = Math.floor((low + high) / 2);
  }
  return high < count ? high : undefined;
}
