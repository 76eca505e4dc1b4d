import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../errors.ts';
import { WrongShape } from '../../json-shape.ts';
import { openingError } from '../../source.ts';
import { manifestName } from '../export/places.ts';
import { type Manifest, type ManifestFile, manifestVersion } from './manifest.ts';
import { manifestShape } from './manifest-shape.ts';

/** A manifest that was found, and where. */
export interface FoundManifest {
  manifest: Manifest;
  /** As messages call it. */
  name: string;
  /** The whole path of the folder that it is in, and its files. */
  directory: string;
}

/** Whether a file is named as manifests are. */
export function isManifestName(file: string): boolean {
  const base = path.basename(file);
  return base === manifestName || base.endsWith(`.${manifestName}`);
}

/**
 * Reads the manifest of an export.
 * @param named the file, or the folder that it is in
 * @throws UsageError where there is none, DataError where it is no manifest or one of a version to come
 */
export async function readManifest(named: string, cwd: string): Promise<FoundManifest> {
  const stats = await stat(path.resolve(cwd, named)).catch((error: unknown) => {
    throw openingError(error, named);
  });
  const name = stats.isDirectory() ? path.join(named, manifestName) : named;
  const file = path.resolve(cwd, name);
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw openingError(error, name);
  });
  const manifest = parseManifest(content, name);
  if (manifest !== undefined) return { manifest, name, directory: path.dirname(file) };
  throw new DataError(`${name} is no manifest of pgv's`, {
    code: 'bad-manifest',
    file: name,
    hint: '`pgv export --manifest` writes one beside its files',
  });
}

/**
 * The manifest that a text is; undefined for JSON of another kind.
 * @throws DataError where it is no JSON, or broken, or of a version to come
 */
export function parseManifest(content: string, name: string): Manifest | undefined {
  const document = parseJson(content, name);
  const version = (document as { pgvManifest?: unknown } | null)?.pgvManifest;
  if (version === undefined) return undefined;
  if (typeof version === 'number' && version > manifestVersion) {
    throw new DataError(
      `${name} is a manifest of version ${version}, and this pgv reads ${manifestVersion}`,
      {
        code: 'newer-manifest',
        file: name,
        hint: 'a newer pgv has written it: load it with that',
      },
    );
  }
  try {
    return checked(manifestShape(document, ''));
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
    throw broken(name, error.message);
  }
}

function parseJson(content: string, name: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw broken(name, `it is no JSON (${(error as Error).message})`);
  }
}

function broken(name: string, why: string): DataError {
  return new DataError(`${name} is no whole manifest: ${why}`, {
    code: 'bad-manifest',
    file: name,
    hint: 'take it from the export again, as it was written',
  });
}

/** What the members' types do not tell. */
function checked(manifest: Manifest): Manifest {
  const { table, columns, files } = manifest;
  if (columns.length === 0) throw new WrongShape('columns', 'a list of names');
  const absent = columns.find((name) => !table.columns.some((column) => column.name === name));
  if (absent !== undefined) throw new WrongShape(`column ${absent}`, 'among the columns of the table');
  const outside = files.find((file) => isOutside(file));
  if (outside !== undefined) throw new WrongShape(outside.path, 'a file in the folder of the manifest');
  return manifest;
}

function isOutside({ path: file }: ManifestFile): boolean {
  const parts = path.posix.normalize(file).split('/');
  return file === '' || file.includes('\\') || path.isAbsolute(file) || parts[0] === '..' || parts[0] === '.';
}
