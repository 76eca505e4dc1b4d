import { UsageError } from '../../errors.ts';
import type { OpenOptions } from './format.ts';

/** @throws UsageError where a flag that says how CSV is written stands beside another format */
export function refuseCsvFlags(options: OpenOptions, format: string): void {
  const given = (['delimiter', 'quote', 'escape', 'null'] as const).find(
    (name) => options[name] !== undefined,
  );
  const flag = given === undefined ? (options.header === false ? '--no-header' : undefined) : `--${given}`;
  if (flag === undefined) return;
  throw new UsageError(`${flag} says how CSV is written, and the format is ${format}`, {
    hint: `leave ${flag} out`,
  });
}
