import { type Command, Option } from 'commander';
import { nameList, wholeNumber } from '../option-values.ts';

export interface RowFlags {
  onConflict: 'error' | 'skip' | 'update';
  key?: string[];
  atomic?: true;
  onError: 'stop' | 'skip';
  rejectFile?: string;
  maxErrors?: number;
  allowRejects?: true;
}

/** What becomes of rows that are there already, and of those that are wrong. */
export function addRowOptions(command: Command): Command {
  return command
    .optionsGroup('Rows that are there already, and rows that are wrong:')
    .addOption(
      new Option('--on-conflict <what>', 'for rows whose key is there already')
        .choices(['error', 'skip', 'update'])
        .default('error'),
    )
    .option('--key <a,b>', 'the columns of that key (default: the primary key)', nameList)
    .option('--atomic', 'all rows or none')
    .addOption(
      new Option('--on-error <what>', 'for rows that are wrong').choices(['stop', 'skip']).default('stop'),
    )
    .option('--reject-file <path>', 'where rows that are left out go, and the reasons in <path>.errors.jsonl')
    .option('--max-errors <n>', 'how many rows may be wrong (default: any number)', wholeNumber({ min: 0 }))
    .option('--allow-rejects', 'rows that were left out are no failure: exit 0, not 5');
}
