import { UsageError } from '../../errors.ts';
import type { OpenOptions } from './format.ts';

/** What flags say of how CSV is written. */
export type CsvOptions = Pick<OpenOptions, 'delimiter' | 'quote' | 'escape' | 'null' | 'header'>;

/** The first flag given of these. */
export function csvFlag(options: CsvOptions): string | undefined {
  const given = (['delimiter', 'quote', 'escape', 'null'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (given !== undefined) return `--${given}`;
  return options.header === false ? '--no-header' : undefined;
}

/** @throws UsageError where a flag that says how CSV is written stands beside another format */
export function refuseCsvFlags(options: CsvOptions, format: string): void {
  const flag = csvFlag(options);
  if (flag === undefined) return;
  throw new UsageError(`${flag} says how CSV is written, and the format is ${format}`, {
    hint: `leave ${flag} out`,
  });
}
