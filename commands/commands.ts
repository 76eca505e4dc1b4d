import type { Command } from 'commander';

/** What a file in commands/ exports: a command's arguments, flags and action, or a group's commands. */
export type CommandModule =
  | { configure: (command: Command) => Command }
  | { commands: readonly CommandEntry[] };

/** One line of a table of contents; the module behind it is loaded when the command is asked for. */
export interface CommandEntry {
  name: string;
  summary: string;
  /** @param words what follows the command's name */
  load: (words: readonly string[]) => Promise<CommandModule>;
}

/**
 * Has the first lane's thread start while the command is loaded: both take a while.
 * @param when what the command's words must name for that; default: anything
 */
function withLane(
  load: () => Promise<CommandModule>,
  when: 'large-input' | undefined = undefined,
): CommandEntry['load'] {
  return async (words) => {
    if (!words.includes('--help') && !words.includes('-h')) {
      const { namesLargeInput, threads } = await import('./ingest/threads.ts');
      if (when === undefined || namesLargeInput(words)) threads.start(1);
    }
    return load();
  };
}

/** Every command, in the order in which they are met. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'make a table for vectors, and the extension',
    load: () => import('./init.ts'),
  },
  {
    name: 'ingest',
    summary: 'load a file of vectors into a table',
    load: withLane(() => import('./ingest.ts'), 'large-input'),
  },
  {
    name: 'search',
    summary: 'find the rows nearest to a vector',
    load: () => import('./search.ts'),
  },
  {
    name: 'index',
    summary: 'vector indexes',
    load: () => import('./index/commands.ts'),
  },
  {
    name: 'loads',
    summary: 'what has been ingested, from which file, how far',
    load: () => import('./loads/commands.ts'),
  },
  {
    name: 'vacuum',
    summary: 'reclaim dead rows and refresh the statistics',
    load: () => import('./vacuum.ts'),
  },
  {
    name: 'export',
    summary: 'write rows to a file or a stream',
    load: () => import('./export.ts'),
  },
  {
    name: 'copy',
    summary: 'copy a table to another database',
    load: withLane(() => import('./copy.ts')),
  },
  {
    name: 'sql',
    summary: 'run a statement, and show its result as a table, JSON or CSV',
    load: () => import('./sql.ts'),
  },
];
