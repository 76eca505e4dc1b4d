import { median, type Timed } from './turns.ts';

/** How what pgv takes, divided by what it is held against, should come out. */
export interface Goal {
  text: string;
  isMet(ratio: number): boolean;
  /** The ratio, as the goal puts it. */
  show(ratio: number): string;
}

export function atMost(limit: number): Goal {
  return {
    text: `≤ ${limit} ×`,
    isMet: (ratio) => ratio <= limit,
    show: (ratio) => `${ratio.toFixed(2)} ×`,
  };
}

export function timesAsFast(times: number): Goal {
  return {
    text: `≥ ${times} × as fast`,
    isMet: (ratio) => 1 / ratio >= times,
    show: (ratio) => `${(1 / ratio).toFixed(1)} × as fast`,
  };
}

/** Writes a row of the README's table to stdout: the medians and their ratio. */
export function compare(work: string, ours: Timed, theirs: Timed, goal: Goal): void {
  const [pgv, other] = [median(ours.seconds), median(theirs.seconds)];
  row(work, inSeconds(pgv), `${theirs.name}: ${inSeconds(other)}`, pgv / other, goal);
}

/** Writes a row of the README's table to stdout, and to stderr that the goal is missed. */
export function row(work: string, pgv: string, against: string, ratio: number, goal: Goal): void {
  process.stdout.write(`| ${work} | ${pgv} | ${against} | ${goal.show(ratio)} | ${goal.text} |\n`);
  if (!goal.isMet(ratio)) process.stderr.write(`  missed: ${work}, ${goal.show(ratio)}, not ${goal.text}\n`);
}

export function inSeconds(value: number): string {
  return value < 0.2 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;
}
