import { type Command, Option } from 'commander';
import type { IterativeScan } from '../../src/operations/search/settings.ts';
import { wholeNumber } from '../option-values.ts';

/** How indexes are asked. */
export interface IndexFlags {
  exact?: true;
  efSearch?: number;
  probes?: number;
  rerank?: number;
  iterativeScan?: IterativeScan;
}

export function addIndexOptions(command: Command): Command {
  return command
    .option('--exact', 'compare every row, without the index')
    .option('--ef-search <n>', 'hnsw: candidates kept while searching', wholeNumber({ min: 1, max: 1000 }))
    .option('--probes <n>', 'ivfflat: lists read', wholeNumber({ min: 1, max: 32_768 }))
    .option(
      '--rerank <n>',
      'half-precision or binary index: candidates that are ordered by their exact distance (default: 1.1 k; binary: 20 k, or all that ef_search keeps)',
      wholeNumber({ min: 1 }),
    )
    .addOption(
      new Option(
        '--iterative-scan <mode>',
        'whether an index goes on until enough rows pass the filters (default: strict_order, for candidates relaxed_order, where pgvector can)',
      ).choices(['off', 'strict_order', 'relaxed_order']),
    );
}
