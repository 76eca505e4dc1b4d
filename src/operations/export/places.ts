import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../errors.ts';
import { statOrNone, writing } from '../written-file.ts';
import type { Destination } from './output.ts';

/** Of the file that tells of an export in a directory; beside a file it has the file's name before that. */
export const manifestName = 'manifest.json';

/** Digits of a file's number: names sort as numbers do, up to so many files. */
const digits = 5;

/** Which file of an export is where. */
export interface Places {
  /** Everything goes to one stream, such as the standard output. */
  isStream: boolean;
  /**
   * @param ending of a file beside the one that was asked for, in the place of its own
   * @param number from 1, where an export is split
   */
  of: (
    ending: string | undefined,
    number: number,
  ) => { path: string; destination: Destination; directory: string | undefined };
  /** The file that tells of the others. @throws UsageError for a stream */
  manifest: () => { path: string; destination: Destination };
  /** The file of a dataset's directory that tells of its others. @throws UsageError for a stream */
  beside: (name: string) => { path: string; destination: Destination };
  /** Where notes of an export that can be gone on with are kept. @throws UsageError for a stream */
  journal: () => string;
  /** Takes away what an earlier export has left, of numbered files and of those beside: it is no part of this one. */
  clear: () => Promise<void>;
  /** Takes away the manifest of an earlier export that tells of files which are others now. */
  clearManifest: () => Promise<void>;
  /** The export has failed: a directory that was made for it goes, if nothing is in it. */
  leave: () => Promise<void>;
}

export function streamPlaces(write: (chunk: Uint8Array) => Promise<void>): Places {
  return {
    isStream: true,
    of: () => ({ path: '-', destination: { write }, directory: undefined }),
    manifest: () => {
      throw new UsageError('--manifest needs -o: the manifest stands beside files', {
        hint: 'name a file or a directory with -o',
      });
    },
    beside: () => {
      throw new UsageError('a dataset needs -o: it is a directory', { hint: 'name the directory with -o' });
    },
    journal: () => {
      throw new UsageError('--resume needs -o: a stream cannot be gone on with', {
        hint: 'name a file with -o',
      });
    },
    clear: async () => {},
    leave: async () => {},
    clearManifest: async () => {},
  };
}

export interface FilePlaces {
  /** As the user wrote it; a directory if it is one, or ends in a slash. */
  output: string;
  /** What a file in the directory is called, without an ending. */
  baseName: string;
  /** With the dot: `.csv.gz`. */
  ending: string;
  /** Endings of files that may stand beside, without that of a compression: `.ids.npy`. */
  besides?: readonly string[] | undefined;
  cwd: string;
  overwrite: boolean;
  /** Files are numbered. */
  numbered: boolean;
  /** It is a directory, whatever its name ends in. */
  directory?: boolean;
}

/**
 * A file, or files in a directory, which is made where it is not there yet.
 * @throws UsageError where numbered files of the name, or some beside it, are there already, unless they are to be
 * overwritten
 */
export async function filePlaces(options: FilePlaces): Promise<Places> {
  const { output, cwd, overwrite, numbered } = options;
  const attempt = <T>(work: () => Promise<T>) =>
    writing({ path: output, flag: '-o', whenFull: 'no file that looks whole was left behind' }, work);
  const location = path.resolve(cwd, output);
  const existing = await attempt(() => statOrNone(location));
  const isDirectory = existing?.isDirectory() ?? (options.directory || /[/\\]$/.test(output));
  if (options.directory && !isDirectory) {
    throw new UsageError(`${output} is a file, and what is written is a directory`, {
      code: 'file-exists',
      file: output,
      hint: 'name another one with -o',
    });
  }
  const makes = isDirectory && existing === undefined;
  if (makes) await attempt(() => mkdir(location));
  const folder = isDirectory ? output : path.dirname(output);
  const { stem, ending } = isDirectory
    ? { stem: options.baseName, ending: options.ending }
    : nameParts(options);
  // What stands beside a file is compressed as it is.
  const compressed = /\.(?:gz|zst)$/.exec(options.ending)?.[0] ?? '';
  const besides = (options.besides ?? []).flatMap((other) => ['', '.gz', '.zst'].map((own) => other + own));
  const endings = numbered ? [ending, ...besides] : besides;
  const older = await olderFiles(path.resolve(cwd, folder), stem, endings, numbered);
  if (older.length > 0 && !overwrite) {
    const first = path.join(folder, older[0]!);
    throw new UsageError(`${first} exists already`, {
      code: 'file-exists',
      file: first,
      hint: '--force overwrites it, and removes files of the name that are not written again',
    });
  }
  const manifestPath = isDirectory ? path.join(folder, manifestName) : `${output}.${manifestName}`;
  const taken = new Set<string>();
  return {
    isStream: false,
    of: (other, number) => {
      const own = other === undefined ? ending : other + compressed;
      const name = `${stem}${numbered ? `-${String(number).padStart(digits, '0')}` : ''}${own}`;
      taken.add(name);
      const file = path.join(folder, name);
      return {
        path: file,
        destination: { path: file, directory: cwd, overwrite },
        directory: path.resolve(cwd, folder),
      };
    },
    manifest: () => {
      return { path: manifestPath, destination: { path: manifestPath, directory: cwd, overwrite } };
    },
    beside: (name) => {
      const file = path.join(folder, name);
      return { path: file, destination: { path: file, directory: cwd, overwrite } };
    },
    clearManifest: async () => {
      const location = path.resolve(cwd, manifestPath);
      if (overwrite && (await tellsOf(location, taken))) await attempt(() => rm(location, { force: true }));
    },
    journal: () => path.resolve(cwd, folder, `.${stem}${ending}.resume.json`),
    leave: async () => {
      if (makes) await rmdir(location).catch(() => {});
    },
    clear: async () => {
      for (const name of older) {
        if (!taken.has(name)) await attempt(() => rm(path.resolve(cwd, folder, name)));
      }
    },
  };
}

/** Whether a manifest tells of one of these files, which is another one now. */
async function tellsOf(manifest: string, names: ReadonlySet<string>): Promise<boolean> {
  try {
    const { files } = JSON.parse(await readFile(manifest, 'utf8')) as { files: { path: string }[] };
    return files.some((file) => names.has(file.path));
  } catch {
    return false; // none, or none of ours
  }
}

/** `docs.csv.gz` → `docs`, `.csv.gz`. */
function nameParts({ output, ending }: FilePlaces): { stem: string; ending: string } {
  const name = path.basename(output);
  if (name.toLowerCase().endsWith(ending) && name.length > ending.length) {
    return { stem: name.slice(0, -ending.length), ending: name.slice(-ending.length) };
  }
  const own = path.extname(name);
  return { stem: name.slice(0, name.length - own.length), ending: own };
}

/** Files of the name and one of these endings: those with a number between, or those without. */
async function olderFiles(
  folder: string,
  stem: string,
  endings: readonly string[],
  numbered: boolean,
): Promise<string[]> {
  if (endings.length === 0) return [];
  const between = numbered ? /^-\d+$/ : /^$/;
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) =>
    endings.some(
      (ending) =>
        name.startsWith(stem) &&
        name.endsWith(ending) &&
        between.test(name.slice(stem.length, name.length - ending.length)),
    ),
  );
}
