import { type Command, Option } from 'commander';
import type { VacuumMode } from '../../src/operations/ingest/around/maintain.ts';
import type { IndexType } from '../../src/vector/metrics.ts';

export interface AroundFlags {
  truncate?: true;
  deleteMissing?: true;
  deferIndexes?: true;
  index?: IndexType;
  vacuum: VacuumMode;
  dryRun?: true;
}

/** What ingest does before the first row and after the last. */
export function addAroundOptions(command: Command): Command {
  return command
    .optionsGroup('Before the first row and after the last:')
    .option('--truncate', 'empty the table first, with the first rows that come or, with --atomic, with all')
    .option('--delete-missing', 'with --on-conflict update: delete rows whose key the files have no more')
    .option('--defer-indexes', 'drop the indexes but keys before, and build them again after')
    .addOption(
      new Option('--index <type>', 'an index on the vectors, after the load').choices(['hnsw', 'ivfflat']),
    )
    .addOption(
      new Option('--vacuum <when>', 'ANALYZE, and VACUUM where many rows are dead; always both, or neither')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--dry-run', 'tell what would happen, and load nothing');
}
