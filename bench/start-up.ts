import { rounds } from './arguments.ts';
import { contestant, pgv } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { timeInTurns } from './turns.ts';

// How long it is until pgv has said what it can do or what it is, against Node by itself.

const [bare, ...timed] = await timeInTurns(
  [
    contestant('`node -e 0`', { command: [process.execPath, '-e', '0'] }),
    contestant('`pgv --help`', pgv('--help')),
    contestant('`pgv --version`', pgv('--version')),
  ],
  rounds(21),
);
for (const ours of timed) compare(`start-up: ${ours.name}`, ours, bare!, atMost(1.6));
