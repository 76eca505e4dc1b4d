import { type Command, Option } from 'commander';
import { timeSpan } from './option-values.ts';

export interface OutputOptions {
  json?: true;
  quiet?: true;
  verbose?: true;
  progress: 'auto' | 'json';
  /** False with --no-color. */
  color: boolean;
}

export interface ConnectionOptions {
  /** --url, --dbname or -d. */
  url?: string;
  /** Milliseconds; 0: without end. */
  statementTimeout?: number;
  /** Milliseconds; 0: without end. */
  lockTimeout?: number;
  directUrl?: string;
}

export interface TableOptions {
  table?: string;
  vectorColumn?: string;
}

/** Which database: for every command that opens one. */
export function addConnectionOptions(command: Command): Command {
  const url = new Option('-d, --url <url>', 'a URL, a conninfo string or a database name').helpGroup(
    'Which database:',
  );
  // The same flag by psql's name. Commander knows two names of an option, so the third is a hidden option.
  url.flags = '-d, --url, --dbname <url>';
  return addStatementTimeout(
    command
      .addOption(url)
      .addOption(new Option('--dbname <url>').hideHelp())
      .on('option:dbname', (value: string) => command.setOptionValueWithSource('url', value, 'cli')),
  );
}

/** How long a statement may take: part of addConnectionOptions, and for commands that name databases otherwise. */
export function addStatementTimeout(command: Command): Command {
  return command.addOption(
    new Option(
      '--statement-timeout <time>',
      'end a statement that takes longer, such as 30s or 5min (default: none is ended)',
    )
      .argParser(timeSpan)
      .helpGroup('Which database:'),
  );
}

/** How long a strong lock is waited for: for commands that take one; together with addConnectionOptions. */
export function addLockTimeout(command: Command): Command {
  return command.addOption(
    new Option(
      '--lock-timeout <time>',
      'wait so long to have a table alone, such as 1min; 0 is without end (default: 5s)',
    )
      .argParser(timeSpan)
      .helpGroup('Which database:'),
  );
}

/** The way past a pooler: for commands that need a session to themselves; together with addConnectionOptions. */
export function addDirectUrl(command: Command): Command {
  return command.addOption(
    new Option('--direct-url <url>', 'the same database past a pooler (also DIRECT_URL)').helpGroup(
      'Which database:',
    ),
  );
}

/** Which database: for commands that change a table or its indexes, which may take strong locks and a session of theirs. */
export function addAlteringConnection(command: Command): Command {
  return addLockTimeout(addDirectUrl(addConnectionOptions(command)));
}

/** Which table: for commands that work on whole rows; together with addConnectionOptions. */
export function addTableOption(command: Command): Command {
  return command.addOption(new Option('-t, --table <[schema.]name>', 'the table').helpGroup('Which table:'));
}

/** Which table and which of its vector columns: for commands on one table; together with addConnectionOptions. */
export function addTableOptions(command: Command): Command {
  return addTableOption(command).addOption(
    new Option('--vector-column <name>', 'the vector column, where there are several').helpGroup(
      'Which table:',
    ),
  );
}

/** How the command speaks; every command has these (program.ts adds them). */
export function addOutputOptions(command: Command): Command {
  const group = (option: Option) => option.helpGroup('Output:');
  return command
    .addOption(group(new Option('--json', 'one JSON document on stdout, errors too')))
    .addOption(group(new Option('-q, --quiet', 'no progress, no chatter')))
    .addOption(group(new Option('-v, --verbose', 'the SQL that runs, with timings, on stderr')))
    .addOption(
      group(
        new Option('--progress <how>', 'a bar on a terminal and lines elsewhere, or JSON lines')
          .choices(['auto', 'json'])
          .default('auto'),
      ),
    )
    .addOption(group(new Option('--no-color', 'no colours (also NO_COLOR)')));
}

/** The closing part of a command's help: lines as they are typed, without the prompt. */
export function addExamples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
