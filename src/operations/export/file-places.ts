import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../errors.ts';
import { statOrNone, writing } from '../written-file.ts';
import { manifestName, type Place, type Places } from './places.ts';

/** Digits of a file's number: names sort as numbers do, up to so many files. */
const digits = 5;

export interface FilePlacesOptions {
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
export async function filePlaces(options: FilePlacesOptions): Promise<Places> {
  const { output, cwd, overwrite, numbered } = options;
  const { isDirectory, isNew } = await findDirectory(options);
  const folder = isDirectory ? output : path.dirname(output);
  const { stem, ending } = isDirectory
    ? { stem: options.baseName, ending: options.ending }
    : nameParts(options);
  const besides = (options.besides ?? []).flatMap((other) => ['', '.gz', '.zst'].map((own) => other + own));
  const endings = numbered ? [ending, ...besides] : besides;
  const older = await olderFiles(path.resolve(cwd, folder), stem, endings, numbered);
  if (older.length > 0 && !overwrite) {
    const first = path.join(folder, older[0]!);
    throw new UsageError(
      `${first} exists already${numbered ? '' : `, and would be taken for a part of ${output}`}`,
      {
        code: 'file-exists',
        file: first,
        hint: `${numbered ? '' : 'it belongs to another export of the name: write this one under another, or in another directory; '}--force overwrites it, and removes files of the name that are not written again`,
      },
    );
  }
  const manifestPath = isDirectory ? path.join(folder, manifestName) : `${output}.${manifestName}`;
  return new FilePlaces(options, { folder, stem, ending, manifestPath, older, isNew });
}

/** What is known of the files' names. */
interface Names {
  folder: string;
  stem: string;
  ending: string;
  manifestPath: string;
  /** Files that an earlier export has left, and this one may not write again. */
  older: readonly string[];
  /** The folder was made for this export. */
  isNew: boolean;
}

class FilePlaces implements Places {
  readonly isStream = false;
  private readonly options: FilePlacesOptions;
  private readonly names: Names;
  private readonly taken = new Set<string>();
  private hasManifest = false;

  constructor(options: FilePlacesOptions, names: Names) {
    this.options = options;
    this.names = names;
  }

  of(other: string | undefined, number: number): Place & { directory: string } {
    const { stem, ending, folder } = this.names;
    // What stands beside a file is compressed as it is.
    const compressed = /\.(?:gz|zst)$/.exec(this.options.ending)?.[0] ?? '';
    const own = other === undefined ? ending : other + compressed;
    const counted = this.options.numbered ? `-${String(number).padStart(digits, '0')}` : '';
    const name = stem + counted + own;
    this.taken.add(name);
    return { ...this.beside(name), directory: this.locate(folder) };
  }

  manifest(): Place {
    this.hasManifest = true;
    return this.place(this.names.manifestPath);
  }

  beside(name: string): Place {
    return this.place(path.join(this.names.folder, name));
  }

  journal(): string {
    const { folder, stem, ending } = this.names;
    return this.locate(path.join(folder, `.${stem}${ending}.resume.json`));
  }

  async clear(): Promise<void> {
    const { folder, older, manifestPath } = this.names;
    const stale = older.filter((name) => !this.taken.has(name)).map((name) => path.join(folder, name));
    const isStale = this.options.overwrite && !this.hasManifest;
    if (isStale && (await tellsOf(this.locate(manifestPath), this.taken))) stale.push(manifestPath);
    for (const file of stale) await attempt(this.options, () => rm(this.locate(file)));
  }

  async leave(): Promise<void> {
    if (this.names.isNew) await rmdir(this.locate(this.names.folder)).catch(() => {});
  }

  private place(file: string): Place {
    const { cwd: directory, overwrite } = this.options;
    return { path: file, destination: { path: file, directory, overwrite } };
  }

  private locate(file: string): string {
    return path.resolve(this.options.cwd, file);
  }
}

const attempt = <T>({ output }: FilePlacesOptions, work: () => Promise<T>): Promise<T> =>
  writing({ path: output, flag: '-o', whenFull: 'no file that looks whole was left behind' }, work);

/** Whether the files go into a directory, and whether it was made for them just now. */
async function findDirectory(options: FilePlacesOptions): Promise<{ isDirectory: boolean; isNew: boolean }> {
  const { output, cwd, directory = false } = options;
  const location = path.resolve(cwd, output);
  const existing = await attempt(options, () => statOrNone(location));
  const isDirectory = existing?.isDirectory() ?? (directory || /[/\\]$/.test(output));
  if (directory && !isDirectory) {
    throw new UsageError(`${output} is a file, and what is written is a directory`, {
      code: 'file-exists',
      file: output,
      hint: 'name another one with -o',
    });
  }
  const isNew = isDirectory && existing === undefined;
  if (isNew) await attempt(options, () => mkdir(location));
  return { isDirectory, isNew };
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
function nameParts({ output, ending }: FilePlacesOptions): { stem: string; ending: string } {
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
