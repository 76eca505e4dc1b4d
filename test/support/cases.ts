const thoroughness = Number(process.env.PGV_TEST_CASES ?? 1);

/** How many random cases a long test tries: PGV_TEST_CASES=10 has ten times as many. One that fails tells its seed. */
export function cases(count: number): { numRuns: number } {
  return { numRuns: Math.ceil(count * thoroughness) };
}
