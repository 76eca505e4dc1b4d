import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from '../errors.ts';
import { openFile, openingError, type Source, streamSource } from '../source.ts';
import { fileNameOf, isUrl, parseUrl, withoutSecrets } from './url.ts';

/** Something that rows come from, named on the command line and not opened yet. */
export interface NamedInput {
  /** As messages call it: as it was typed, but for what is secret in a URL. */
  readonly name: string;
  /** Where it is, from wherever one looks: the whole path, the URL without what is secret, `stdin`. */
  readonly location: string;
  /** What tells its format, and a table's name: a file's own, a URL's last segment, `-` for stdin. */
  readonly fileName: string;
  /** It can be opened once, and read from front to back: stdin, a pipe. */
  readonly once: boolean;
  /** @throws UsageError, DatabaseError where it cannot be read */
  open(options: OpenInputOptions): Promise<Source>;
}

export interface OpenInputOptions {
  /** Told what takes time. */
  note: (line: string) => void;
  /** Ends the opening. */
  signal: AbortSignal;
}

/** What arguments are resolved in. */
export interface Surroundings {
  readonly cwd: string;
  /** Not touched before it is opened. */
  readonly stdin: Readable & { isTTY?: boolean | undefined };
}

/**
 * The inputs that arguments name, in their order: files, patterns of them (`data/*.csv`, in natural order: part-2 before
 * part-10), URLs of http and https, and `-` for stdin. What is named twice is taken once, with a warning.
 * @throws UsageError where a file is not there, or a pattern matches none
 */
export async function resolveInputs(
  args: readonly string[],
  surroundings: Surroundings,
  warn: (line: string) => void,
): Promise<NamedInput[]> {
  const { cwd } = surroundings;
  const inputs = new Map<string, NamedInput>();
  const add = (identity: string, input: NamedInput): void => {
    if (inputs.has(identity)) warn(`${input.name} is named twice, and taken once`);
    else inputs.set(identity, input);
  };
  for (const argument of args) {
    if (argument === '') {
      throw new UsageError('a file is named by an empty text', {
        code: 'file-not-found',
        hint: 'is a variable of the shell empty?',
      });
    }
    if (argument === '-') add('-', stdinInput(surroundings));
    else if (isUrl(argument)) add(parseUrl(argument).href, urlInput(argument));
    else {
      for (const name of await matches(argument, cwd)) {
        const file = path.resolve(cwd, name);
        // A pipe of the shell's, /dev/fd/63, has no real path.
        add(await realpath(file).catch(() => file), await fileInput(name, file));
      }
    }
  }
  return [...inputs.values()];
}

function stdinInput(surroundings: Surroundings): NamedInput {
  return {
    name: 'stdin',
    location: 'stdin',
    fileName: '-',
    once: true,
    open: async () => {
      const { stdin } = surroundings;
      if (!stdin.isTTY) return streamSource(stdin, 'stdin');
      throw new UsageError('stdin is a terminal', { hint: 'pipe a file into it, or name the file' });
    },
  };
}

function urlInput(argument: string): NamedInput {
  const url = parseUrl(argument);
  return {
    name: withoutSecrets(argument),
    location: withoutSecrets(url.href),
    fileName: fileNameOf(url),
    once: false,
    open: async (options) => (await import('./http.ts')).openHttp(url, options),
  };
}

async function fileInput(name: string, file: string): Promise<NamedInput> {
  const stats = await stat(file);
  return {
    name,
    location: file,
    fileName: path.basename(name),
    once: !stats.isFile() && !stats.isDirectory(),
    open: () => openFile(file, name),
  };
}

/** The files that an argument means: its own name, if there is such a file, else those that it is a pattern of. */
async function matches(argument: string, cwd: string): Promise<string[]> {
  const missing = await stat(path.resolve(cwd, argument)).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (missing === undefined) return [argument];
  if (!/[*?[{]/.test(argument)) throw openingError(missing, argument);
  const { glob } = await import('tinyglobby');
  const names = await glob(argument, { cwd, absolute: path.isAbsolute(argument), expandDirectories: false });
  if (names.length > 0) return names.sort(naturalOrder());
  throw new UsageError(`${argument} matches no file`, { code: 'file-not-found', file: argument });
}

/**
 * Numbers by their value; names that only differ in what that overlooks, by their code units. Made when it is needed: a
 * collator takes longer to make than many a command to run.
 */
function naturalOrder(): (a: string, b: string) => number {
  const collator = new Intl.Collator('en', { numeric: true });
  return (a, b) => collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}
