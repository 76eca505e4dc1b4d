import type { Input } from './input.ts';
import { firstRecords } from './limit.ts';
import { inputsWithoutStrays } from './without-strays.ts';

/** Inputs as a load looks at them: so many records of them, and without wrong ones among those that decide on types. */
export function shapedInputs(
  inputs: readonly Input[],
  { limit, onError }: { limit?: number | undefined; onError?: 'stop' | 'skip' | undefined },
): readonly Input[] {
  const first = firstRecords(inputs, limit);
  return onError === 'skip' ? inputsWithoutStrays(first) : first;
}
