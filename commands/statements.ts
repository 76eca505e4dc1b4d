import type { Command } from 'commander';
import type { Statement } from '../src/database/database.ts';
import type { Context } from './context.ts';

/** Flags of what can be looked at before it is done. */
export interface PreviewFlags {
  dryRun?: true;
  sql?: true;
}

export function addPreviewOptions(command: Command): Command {
  return command
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--sql', 'print the statements, and run nothing');
}

/** For `action`: whether a run with these flags writes. */
export function writesUnlessPreview({ dryRun, sql }: PreviewFlags): boolean {
  return !dryRun && !sql;
}

/** What --sql shows. */
export async function printStatements(
  { output, database }: Pick<Context<object>, 'output' | 'database'>,
  statements: readonly Statement[],
): Promise<void> {
  const texts = statements.map(({ text }) => `${text};`);
  if (output.json) {
    const { target } = await database();
    return output.document({ database: target.description, statements: texts });
  }
  await output.write(texts.map((text) => `${text}\n`).join(''));
}
