import { type Command, Option } from 'commander';
import { wholeNumber } from '../option-values.ts';

export interface LoadFlags {
  restart?: true;
  ifLoaded?: 'skip' | 'error' | 'again';
  loadId?: string;
  /** False with --no-ledger. */
  ledger: boolean;
  expectRows?: number;
  expectSha256?: string;
}

/** What makes a load one that is done once. */
export function addLoadOptions(command: Command): Command {
  return command
    .optionsGroup('Loads that come again:')
    .addOption(
      new Option('--if-loaded <what>', 'for a file that is loaded already (default: skip)').choices([
        'skip',
        'error',
        'again',
      ]),
    )
    .option('--restart', 'forget an unfinished load of the file and begin again, not where it stopped')
    .option('--load-id <id>', "the load's own name: by it a stream is known when it comes again")
    .option('--no-ledger', 'do not write down what is loaded: the load cannot be repeated safely')
    .option(
      '--expect-rows <n>',
      'rows that the input must have, else the load does not finish',
      wholeNumber({ min: 0 }),
    )
    .option('--expect-sha256 <hex>', "the sum of the input's bytes, else the load does not finish");
}
