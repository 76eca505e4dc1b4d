import type { Session } from '../../database/database.ts';
import type { RowSource } from '../../sql/export.ts';
import { serverFacts, walPlace } from '../../sql/manifest.ts';
import type { Source } from '../export/source.ts';
import { findVectorExtension } from '../extension.ts';
import { describeTableFor, tableOfQuery } from './describe-table.ts';
import { digest } from './digest.ts';
import { type Manifest, type ManifestFile, manifestVersion } from './manifest.ts';

/** A manifest without what only the written files tell. */
export type ManifestHead = Omit<Manifest, 'rows' | 'bytes' | 'files'>;

interface ServerFacts {
  postgresql: string;
  at: string;
  recovering: boolean;
  mayAsk: boolean;
}

/**
 * Describes an export for its manifest, and digests its rows on the server, which reads them once more.
 * @param source its columns are those that the files hold
 * @param session a transaction with the very snapshot that the export reads; its settings are as before afterwards
 * @param snapshotId that snapshot's name, where it was exported
 * @param pgvVersion of this program
 */
export async function describeExport(
  session: Session,
  source: Pick<Source, 'table' | 'columns' | 'rows'>,
  snapshotId: string | null,
  pgvVersion: string,
): Promise<ManifestHead> {
  const { table, columns, rows } = source;
  const chosen = isPart(source);
  const names = columns.map(({ name }) => name);
  const extension = await findVectorExtension(session);
  const facts = await session.query<ServerFacts>(serverFacts());
  const { postgresql, at, recovering, mayAsk } = facts.rows[0]!;
  const wal = mayAsk ? (await session.query<{ lsn: string }>(walPlace(recovering))).rows[0]!.lsn : null;
  return {
    pgvManifest: manifestVersion,
    table:
      table === undefined
        ? tableOfQuery(columns)
        : await describeTableFor(session, table, chosen ? names : null),
    columns: names,
    selection: {
      columns: chosen ? names : null,
      from: table === undefined ? rows.from : null,
      where: [...rows.where],
      orderBy: rows.orderBy ?? null,
      limit: rows.limit ?? null,
    },
    digest: isRepeatable(rows) ? (await digest(session, columns, rows)).digest : null,
    snapshot: { id: snapshotId, wal, at },
    versions: { pgv: pgvVersion, postgresql, pgvector: extension?.version ?? null },
  };
}

/** Whether the files lack columns that could be loaded again, or hold generated ones. */
function isPart({ table, columns }: Pick<Source, 'table' | 'columns'>): boolean {
  const all = (table?.columns ?? columns).filter(({ generated }) => generated === null);
  return all.length !== columns.length || columns.some(({ generated }) => generated !== null);
}

/** The whole manifest, once the files are written. @param rows of the export */
export function completeManifest(
  { pgvManifest, table, columns, selection, ...rest }: ManifestHead,
  files: readonly ManifestFile[],
  rows: number,
): Manifest {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { pgvManifest, table, columns, selection, rows, bytes, files: [...files], ...rest };
}

/** As it stands in its file. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Whether the same rows come again: not so many of them in no order. */
function isRepeatable({ orderBy, limit }: Pick<RowSource, 'orderBy' | 'limit'>): boolean {
  return limit === undefined || orderBy !== undefined;
}
