import path from 'node:path';
import type { Database, Session } from '../../database/database.ts';
import type { TextOptions, WriteFormat } from '../../formats/write/format.ts';
import type { ExportedFile } from '../export/file-set.ts';
import type { Places } from '../export/places.ts';
import type { Source } from '../export/source.ts';
import type { Telling } from '../export/telling.ts';
import { completeManifest, describeExport, manifestText } from './describe-export.ts';
import type { ManifestFile } from './manifest.ts';

/** How the files of an export are written. */
export interface Written {
  format: WriteFormat;
  text: TextOptions;
  /** Files that stand beside each other for the same rows. */
  sideBySide: number;
}

/** The moment that a manifest is of. */
export interface ManifestMoment {
  database: Database;
  /** What sees the moment; on the embedded database, which has one session, the database itself. */
  session: Session;
  snapshot: string | undefined;
}

/**
 * The manifest of an export, its rows described and digested as its moment has them.
 * @throws UsageError where the export goes to a stream
 */
export async function manifestOf(
  { database, session, snapshot }: ManifestMoment,
  source: Pick<Source, 'table' | 'columns' | 'rows'>,
  written: Written,
  places: Places,
  pgvVersion: string,
): Promise<Telling> {
  const { path: file, destination } = places.manifest();
  const describe = (within: Session) => describeExport(within, source, snapshot ?? null, pgvVersion);
  const head = await (snapshot === undefined ? database.transaction(describe) : describe(session));
  const directory = path.dirname(file);
  return {
    destination,
    text: (files, rows) => {
      const told = files.map((each, i) => tell(each, i % written.sideBySide > 0, written, directory));
      return manifestText(completeManifest(head, told, rows));
    },
  };
}

function tell(
  { path: file, rows, bytes, sha256 }: ExportedFile,
  beside: boolean,
  { format, text }: Written,
  directory: string,
): ManifestFile {
  const chosen = <Value>(name: keyof TextOptions, value: Value, usual: Value) =>
    format.textOptions.includes(name) && value !== usual ? value : null;
  return {
    path: path.relative(directory, file).split(path.sep).join('/'),
    format: format.name,
    rows,
    bytes,
    sha256: sha256!, // an export with a manifest makes them
    text: {
      header: chosen('header', text.header, true),
      null: chosen('null', text.null, ''),
      delimiter: chosen('delimiter', text.delimiter, ','),
    },
    beside,
  };
}
