import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../errors.ts';
import { vdfMetaName } from '../../formats/read/vdf/meta.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { manifestName } from '../export/places.ts';
import type { TableMaker } from '../ingest/new-table.ts';
import type { ShapingOptions } from '../ingest/shape-of.ts';
import { isManifestName, parseManifest, readManifest } from '../manifest/read-manifest.ts';
import { manifestDataset } from './manifest-dataset.ts';
import { vdfDataset } from './vdf-dataset.ts';

/** Files that belong together, as something beside them tells: what a load of them needs. */
export interface Dataset {
  inputs: NamedInput[];
  /** The table that they go into where the user names none, as -t takes it; undefined: nothing tells. */
  table: string | undefined;
  /** How the files are read, and the table is made. */
  options: DatasetOptions;
}

/** As the flags of those names. */
export interface DatasetOptions {
  format?: string;
  header?: boolean;
  null?: string;
  delimiter?: string;
  columns?: readonly string[];
  map?: readonly (readonly [source: string, column: string])[];
  /** Undefined: it has chosen among the files, and says nothing more. */
  dataset?: string | undefined;
  maker?: TableMaker;
}

/** What the user says of a dataset. */
export interface DatasetRequest extends ShapingOptions {
  format?: string | undefined;
  dataset?: string | undefined;
  /** `[schema.]name`; undefined: as the dataset has it. */
  table: string | undefined;
  types: ReadonlyMap<string, string>;
  /** Whether a ledger is wanted. */
  ledger: boolean;
}

/**
 * The dataset that an argument names: a folder with a manifest, or the manifest, or a folder of the vector data format.
 * Undefined where the arguments are files. Whatever can be known to be wrong with it beforehand is found here.
 * @throws UsageError, DataError
 */
export async function findDataset(
  args: readonly string[],
  cwd: string,
  request: DatasetRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Dataset | undefined> {
  for (const argument of args) {
    const kind = await kindOf(argument, cwd);
    if (kind === undefined) continue;
    if (args.length > 1) {
      throw new UsageError(`${argument} tells of several files, and is loaded by itself`, {
        hint: 'load the others with a command of their own',
      });
    }
    if (kind === 'vdf') return vdfDataset(argument, cwd, request, reporter, signal);
    return manifestDataset(await readManifest(argument, cwd), argument, cwd, request, reporter, signal);
  }
  if (request.format !== vdfFormat) return undefined;
  throw new UsageError(`--format ${vdfFormat} is that of a folder with ${vdfMetaName}`, {
    hint: 'name the folder; a file of Parquet that was in one is loaded by itself, without --format',
  });
}

/** What --format calls the vector data format, which is no file's. */
export const vdfFormat = 'vdf';

async function kindOf(argument: string, cwd: string): Promise<'manifest' | 'vdf' | undefined> {
  // No file: the folder one is in is not meant, and resolveInputs tells it.
  if (argument === '') return undefined;
  const location = path.resolve(cwd, argument);
  const stats = await stat(location).catch(() => undefined);
  if (stats?.isFile() && isManifestName(location)) {
    // A file of this name may be the user's own, with rows in it.
    const content = await readFile(location, 'utf8');
    return content.includes('"pgvManifest"') && parseManifest(content, argument) ? 'manifest' : undefined;
  }
  if (!stats?.isDirectory()) return undefined;
  if (await isThere(path.join(location, manifestName))) return 'manifest';
  if (await isThere(path.join(location, vdfMetaName))) return 'vdf';
  throw new UsageError(`${argument} is a directory without ${manifestName} or ${vdfMetaName}`, {
    code: 'is-directory',
    file: argument,
    hint: `name the files in it, for example '${path.join(argument, '*.csv')}'`,
  });
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
