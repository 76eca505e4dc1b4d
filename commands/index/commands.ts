import type { CommandEntry } from '../commands.ts';

/** The commands of the group `pgv index`. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'create',
    summary: 'make an HNSW or IVFFlat index on a vector column',
    load: () => import('./create.ts'),
  },
  {
    name: 'list',
    summary: 'the vector indexes: what they hold, their sizes, whether they serve',
    load: () => import('./list.ts'),
  },
  {
    name: 'drop',
    summary: 'remove a vector index; the table stays in use',
    load: () => import('./drop.ts'),
  },
  {
    name: 'reindex',
    summary: 'build a vector index anew; the table stays in use',
    load: () => import('./reindex.ts'),
  },
  {
    name: 'prewarm',
    summary: 'read a vector index into memory, before the first search does',
    load: () => import('./prewarm.ts'),
  },
  {
    name: 'recall',
    summary: 'how much of what is nearest an index finds, and how fast',
    load: () => import('./recall.ts'),
  },
  {
    name: 'restore',
    summary: 'build the indexes that a load with --defer-indexes has left dropped',
    load: () => import('./restore.ts'),
  },
  {
    name: 'tune',
    summary: 'find the cheapest setting that finds enough, by measuring',
    load: () => import('./tune.ts'),
  },
];
