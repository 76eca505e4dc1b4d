import { UsageError } from './errors.ts';

/**
 * A variable's value, undefined where it is not set.
 * @throws UsageError when it is set but empty: in CI that is a missing secret
 */
export function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value.trim() !== '') return value;
  throw new UsageError(`${name} is set but empty`, {
    code: 'empty-variable',
    hint: `give it a value, or unset ${name}`,
  });
}
