import type { Database } from '../../database/database.ts';
import { memoryForBuild } from '../index-create/memory.ts';
import type { CatalogueIndex } from './catalogue.ts';

/** The maintenance_work_mem that lets an index be built anew in memory, in bytes; undefined: the server's own does. */
export function memoryForRebuild(
  database: Database,
  { type, vectorType, dimensions, options, rows, tableRows }: CatalogueIndex,
): Promise<number | undefined> {
  const subject = { method: type, type: vectorType, dimensions, parameters: options };
  return memoryForBuild(database, subject, Math.max(rows ?? 0, tableRows ?? 0));
}
