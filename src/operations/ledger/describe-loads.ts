import type { Session } from '../../database/database.ts';
import { withoutCompression } from '../../sources/decompress.ts';
import { fileNameOf, isUrl, parseUrl } from '../../sources/url.ts';
import { tablesStillThere } from '../../sql/ledger-upkeep.ts';
import { holdersOf } from './guard.ts';
import type { RecordedLoad, RecordedSource } from './ledger.ts';
import { isVoid, type StoredTable, storageOf } from './storage.ts';

/** A load as it is told to people. */
export interface DescribedLoad {
  loadId: string;
  /** The user's own, given with --load-id; null: it has none. */
  name: string | null;
  /** `schema.table`, as it is called now; where it is gone, as it was. */
  table: string;
  files: string[];
  /** `void`: the table is gone, or was emptied since. */
  status: 'finished' | 'running' | 'unfinished' | 'void';
  /** Inserted and updated; of an unfinished load: stored, or staged, so far. */
  rows: number;
  /** Whether these rows are on their way only, in a staging table. */
  staged: boolean;
  rejected: number;
  /** Read of the files, decompressed; null: not known any more. */
  bytes: number | null;
  /** How much of the files that is, from 0 to 1; null: not known. */
  share: number | null;
  startedAt: string;
  finishedAt: string | null;
  role: string;
}

/** What has become of loads and of their tables since. */
export async function describeLoads(
  session: Session,
  loads: readonly RecordedLoad[],
): Promise<DescribedLoad[]> {
  const oids = [...new Set(loads.map(({ tableOid }) => tableOid))];
  const tables = new Map<number, StoredTable>();
  const { rows } = await session.query<StoredTable>(tablesStillThere(oids));
  for (const table of rows) tables.set(table.oid, table);
  const isVoided = await voidIn(session, tables);
  const described: DescribedLoad[] = [];
  for (const load of loads) {
    const running = load.finishedAt === null && (await holdersOf(session, load.loadId)).length > 0;
    const ended = load.finishedAt === null ? 'unfinished' : 'finished';
    const status = running ? 'running' : isVoided(load) ? 'void' : ended;
    described.push(describe(load, status, tables.get(load.tableOid)));
  }
  return described;
}

/** Tells of a load whether its table is gone, or was emptied since. */
async function voidIn(
  session: Session,
  tables: ReadonlyMap<number, StoredTable>,
): Promise<(load: RecordedLoad) => boolean> {
  const storages = new Map<number, Awaited<ReturnType<typeof storageOf>>>();
  for (const table of tables.values()) storages.set(table.oid, await storageOf(session, table));
  return (load) => {
    const storage = storages.get(load.tableOid);
    return storage === undefined || isVoid(load, storage);
  };
}

function describe(
  load: RecordedLoad,
  status: DescribedLoad['status'],
  table: StoredTable | undefined,
): DescribedLoad {
  const { loadId, sourceKey, sources, finishedAt, rejected, startedAt, role } = load;
  const isFinished = finishedAt !== null;
  // Pieces of a finished load may be forgotten: those of a merge are at once.
  const bytes = isFinished && load.pieces === 0 ? null : load.bytes;
  return {
    loadId,
    name: sourceKey?.startsWith('id ') ? sourceKey.slice('id '.length) : null,
    table: table === undefined ? load.tableName : `${table.schema}.${table.name}`,
    files: sources.map(({ name }) => name),
    status,
    rows: isFinished ? load.inserted! + load.updated! : load.rows,
    staged: !isFinished && load.staging !== null,
    rejected,
    bytes,
    share: isFinished ? 1 : shareOf(load.bytes, sources),
    startedAt,
    finishedAt,
    role,
  };
}

/** Null where the length of what is read is not known: of a stream, of compressed files. */
function shareOf(bytes: number, sources: readonly RecordedSource[]): number | null {
  let total = 0;
  for (const { name, fingerprint } of sources) {
    if (fingerprint === undefined || isCompressed(name)) return null;
    total += fingerprint.byteLength;
  }
  return bytes > total || total === 0 ? null : bytes / total;
}

function isCompressed(name: string): boolean {
  const fileName = isUrl(name) ? fileNameOf(parseUrl(name)) : name;
  return withoutCompression(fileName) !== fileName;
}
