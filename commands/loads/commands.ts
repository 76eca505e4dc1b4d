import type { CommandEntry } from '../commands.ts';

/** The commands of the group `pgv loads`. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'list',
    summary: 'what has been ingested, from which file, how far',
    load: () => import('./list.ts'),
  },
  {
    name: 'forget',
    summary: 'let a file be loaded again; its rows stay where they are',
    load: () => import('./forget.ts'),
  },
  {
    name: 'prune',
    summary: 'remove what loads have left behind',
    load: () => import('./prune.ts'),
  },
];
