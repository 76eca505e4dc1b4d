import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../src/errors.ts';
import type { Context } from './context.ts';

export interface ConfirmOptions {
  yes?: true;
}

/**
 * Asks whether something may be destroyed, where there is somebody to ask; --yes answers beforehand.
 * @param what in the infinitive: `drop index docs_hnsw (12 MB)`
 * @returns false: the answer is no
 * @throws UsageError where --yes is missing and nobody can be asked
 */
export async function confirm({ options, io }: Context<ConfirmOptions>, what: string): Promise<boolean> {
  if (options.yes) return true;
  if (!io.stdin.isTTY || !io.stderr.isTTY) {
    throw new UsageError(`to ${what}, add --yes: there is no terminal to ask on`, { code: 'needs-yes' });
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    // At the end of input a question is never answered.
    const ended = once(lines, 'close').then(() => '');
    const answer = await Promise.race([lines.question(`${what}? [y/N] `, { signal: io.signal }), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
