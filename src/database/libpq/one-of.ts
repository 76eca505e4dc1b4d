import { UsageError } from '../../errors.ts';
import type { Keyword } from './keywords.ts';

/** @throws UsageError when the keyword's value is none of those allowed */
export function oneOf<const T extends string>(keyword: Keyword, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new UsageError(`${keyword} has the invalid value "${value}"`, {
      hint: `one of ${allowed.join(', ')}`,
    });
  }
  return found;
}
