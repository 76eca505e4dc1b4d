import path from 'node:path';
import type { Database, Session } from '../../database/database.ts';
import type { TextOptions, WriteFormat } from '../../formats/write/format.ts';
import type { ExportedFile } from '../export/file-set.ts';
import { type Output, openOutput } from '../export/output.ts';
import type { Places } from '../export/places.ts';
import type { Source } from '../export/source.ts';
import { completeManifest, describeExport, type ManifestHead, manifestText } from './describe-export.ts';
import type { ManifestFile } from './manifest.ts';

/** How the files of an export are written. */
export interface Written {
  format: WriteFormat;
  text: TextOptions;
  /** Files that stand beside each other for the same rows. */
  sideBySide: number;
}

/**
 * What is said of an export beforehand, as its moment has it.
 * @param session what sees the moment; on the embedded database, which has one session, the database itself
 */
export function describeMoment(
  database: Database,
  session: Session,
  source: Pick<Source, 'table' | 'columns' | 'rows'>,
  snapshot: string | undefined,
  pgvVersion: string,
): Promise<ManifestHead> {
  const describe = (within: Session) => describeExport(within, source, snapshot ?? null, pgvVersion);
  return snapshot === undefined ? database.transaction(describe) : describe(session);
}

/** The manifest's file while its export is written: opened with the first file, and shown after the last. */
export class ManifestOutput {
  readonly path: string;
  private readonly output: Output;
  private readonly head: ManifestHead;
  private readonly directory: string;

  private constructor(output: Output, head: ManifestHead, file: string) {
    this.output = output;
    this.head = head;
    this.path = file;
    this.directory = path.dirname(file);
  }

  /** @throws UsageError where there is a manifest already, or the export goes to a stream */
  static async open(places: Places, head: ManifestHead): Promise<ManifestOutput> {
    const { path: file, destination } = places.manifest();
    return new ManifestOutput(await openOutput(destination), head, file);
  }

  /** @returns what shows it */
  async finish(files: readonly ExportedFile[], rows: number, written: Written): Promise<Output> {
    const told = files.map((file, i) => this.tell(file, i % written.sideBySide > 0, written));
    const manifest = completeManifest(this.head, told, rows);
    await this.output.write(Buffer.from(manifestText(manifest)));
    await this.output.finish();
    return this.output;
  }

  abandon(): Promise<void> {
    return this.output.abandon();
  }

  private tell(
    { path: file, rows, bytes, sha256 }: ExportedFile,
    beside: boolean,
    { format, text }: Written,
  ): ManifestFile {
    const chosen = <Value>(name: keyof TextOptions, value: Value, usual: Value) =>
      format.textOptions.includes(name) && value !== usual ? value : null;
    return {
      path: path.relative(this.directory, file).split(path.sep).join('/'),
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
}
