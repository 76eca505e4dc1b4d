import { UsageError } from '../src/errors.ts';

/** @throws UsageError where one of `others`, values by their flags, is given beside `flag` */
export function refuseBeside(flag: string, others: Readonly<Record<string, unknown>>, hint: string): void {
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other !== undefined) throw new UsageError(`${flag} and ${other} exclude each other`, { hint });
}
