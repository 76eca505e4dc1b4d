/** A mean, and where the true one lies with 95 % confidence. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

/** Of the normal distribution, for 95 %. */
export const z = 1.959964;

/**
 * The mean recall of all queries, of which these are some: Wilson's score interval with the effective number of answers.
 *
 * A query's k answers are no k independent ones, as a query that lies awkwardly misses several: so the number of
 * answers is divided by the design effect, which the spread between queries shows (Korn and Graubard, Confidence
 * intervals for proportions with small expected number of positive counts estimated from survey data, Survey
 * Methodology 24, 1998; Dean and Pagano, Evaluating confidence interval methods for binomial proportions in clustered
 * surveys, J. Surv. Stat. Methodol. 3, 2015). Near 1 the spread is seen too small, since bad queries are too rare to be
 * among the sample: it is taken with one query more, which found half of its answers. So the lower bound is below the
 * true mean as often as it says, whether queries miss one by one or several at once (interval.test.ts).
 * @param recalls of the queries, 0 to 1
 * @param k answers a query
 */
export function estimate(recalls: readonly number[], k: number): Estimate {
  const mean = sum(recalls) / recalls.length;
  const counted = [...recalls, 0.5];
  const centre = sum(counted) / counted.length;
  const variance = sum(counted.map((recall) => (recall - centre) ** 2)) / recalls.length;
  const answers = Math.min(recalls.length * k, (recalls.length * centre * (1 - centre)) / variance);
  const { low, high } = wilson(mean, answers);
  return { mean, low, high };
}

/** Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927. */
function wilson(share: number, count: number): { low: number; high: number } {
  const weight = z ** 2 / count;
  const middle = share + weight / 2;
  const half = z * Math.sqrt((share * (1 - share)) / count + weight / (4 * count));
  // Rounding can lead out of 0 to 1.
  return {
    low: Math.max(0, (middle - half) / (1 + weight)),
    high: Math.min(1, (middle + half) / (1 + weight)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
