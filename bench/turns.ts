import { spawnSync } from 'node:child_process';

/** One way of doing the work that is compared, as a whole process. */
export interface Contestant {
  name: string;
  command: readonly [string, ...string[]];
  environment?: Readonly<Record<string, string>>;
}

/**
 * Times the contestants in turns, so that a machine whose speed drifts treats them alike.
 * @param prepare run before each, not timed
 * @returns seconds of wall clock, by contestant, one a round
 */
export function timeInTurns(
  contestants: readonly Contestant[],
  rounds: number,
  prepare: () => void,
): Map<string, number[]> {
  const seconds = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      prepare();
      const started = performance.now();
      run(contestant);
      seconds.get(contestant.name)!.push((performance.now() - started) / 1000);
    }
  }
  return seconds;
}

/** Runs a command to its end. @throws Error with what it printed, where it fails */
export function run({ name, command, environment }: Contestant): string {
  const [file, ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${name} failed with ${status}: ${stderr}`);
  return stdout;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
