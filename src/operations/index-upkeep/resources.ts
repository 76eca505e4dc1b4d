import type { Database } from '../../database/database.ts';
import { type BuildOptions, type BuildResources, resourcesFor } from '../index-create/resources.ts';
import type { CatalogueIndex } from './catalogue.ts';

/** What an index that has pages is best built anew with. */
export function resourcesToRebuild(
  database: Database,
  index: CatalogueIndex,
  options: BuildOptions,
): Promise<BuildResources> {
  const { tableOid, type: method, vectorType: type, dimensions, options: parameters } = index;
  // As many as the table has now, where the index was counted before they came.
  const rows = Math.max(index.rows ?? 0, index.predicate === null ? index.liveRows : 0);
  const subject = { method, type, dimensions, parameters };
  return resourcesFor(
    database,
    { oid: tableOid, subject, rows, concurrently: database.target.kind === 'server' },
    options,
  );
}
