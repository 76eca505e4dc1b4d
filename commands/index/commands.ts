import type { CommandEntry } from '../commands.ts';

/** The commands of the group `pgv index`. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'create',
    summary: 'make an HNSW or IVFFlat index on a vector column',
    load: () => import('./create.ts'),
  },
  {
    name: 'restore',
    summary: 'build the indexes that a load with --defer-indexes has left dropped',
    load: () => import('./restore.ts'),
  },
];
