// The rules of the house that the compiler cannot hold, as functions of the sources: path → text.

import path from 'node:path';

export type Sources = ReadonlyMap<string, string>;

/** One import of one of our files by another, or of a package. */
interface Import {
  from: string;
  /** A path from the project's folder, or a package's name. */
  to: string;
  typeOnly: boolean;
  /** Done when it is asked for, so that it closes no circle while the files load. */
  lazy: boolean;
}

/** From the top down; a file imports from its own layer or from those below. The first that matches counts. */
const LAYERS: readonly { name: string; files: RegExp }[] = [
  { name: 'bin', files: /^bin\// },
  { name: 'commands', files: /^commands\// },
  { name: "the library's entrance", files: /^src\/index\.ts$/ },
  { name: 'operations', files: /^src\/operations\// },
  { name: 'formats, copy, sql, database, embed', files: /^src\/(formats|copy|sql|database|embed)\// },
  { name: 'values', files: /^src\/values\// },
  { name: 'vector', files: /^src\/vector\// },
  { name: 'sources', files: /^src\/sources\// },
  { name: 'what all share', files: /^src\/[^/]+\.ts$/ },
];

/** Neighbours of one layer keep to themselves, but for these. */
const NEIGHBOURS_MAY: readonly { to: string; typeOnly: boolean; because: string }[] = [
  { to: 'src/sql/identifiers.ts', typeOnly: false, because: 'there is one way to quote a name' },
  {
    to: 'src/database/database.ts',
    typeOnly: true,
    because: 'it is the interface both databases stand behind',
  },
];

const PACKAGES_ONLY_IN: readonly { packages: RegExp; files: RegExp; where: string }[] = [
  { packages: /^(commander|chalk|cli-progress)$/, files: /^commands\//, where: 'commands' },
  { packages: /^(pg(-.*)?|@electric-sql\/.*)$/, files: /^src\/database\//, where: 'src/database' },
];

const WORDS_ONLY_IN: readonly { words: RegExp; files: RegExp; where: string }[] = [
  {
    words: /\bprocess\.exit(Code)?\b/,
    // In a worker thread it ends that thread alone.
    files: /^(bin\/|commands\/main\.ts$|src\/database\/embedded\/host\.ts$)/,
    where: 'bin and commands/main.ts',
  },
  { words: /\bprocess\.(argv|stdin|stdout|stderr)\b/, files: /^(bin|commands)\//, where: 'bin and commands' },
  { words: /\bconsole\./, files: /^$/, where: 'no file' },
];

const LONGEST_FILE = 400;

/** Every import that goes upward, or to a neighbour of the same layer. */
export function wrongImports(sources: Sources): string[] {
  return importsOf(sources)
    .filter(({ from, to }) => sources.has(from) && /^(bin|commands|src)\//.test(to))
    .flatMap(({ from, to, typeOnly }) => {
      const [upper, lower] = [layerOf(from), layerOf(to)];
      if (lower < upper) return [`${from} reaches up to ${to}`];
      if (lower > upper || neighbour(from) === neighbour(to)) return [];
      const allowed = NEIGHBOURS_MAY.some((may) => may.to === to && (typeOnly || !may.typeOnly));
      return allowed ? [] : [`${from} reaches into its neighbour ${to}`];
    });
}

/** Every circle of files that need one another at run time, each told once. */
export function circles(sources: Sources): string[] {
  const needed = importsOf(sources).filter(({ typeOnly, lazy, to }) => !typeOnly && !lazy && sources.has(to));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (trail.includes(file) || done.has(file)) return;
    for (const { from, to } of needed) if (from === file) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return found;
}

/** Every package that is imported where it does not belong. */
export function wrongPackages(sources: Sources): string[] {
  return importsOf(sources).flatMap(({ from, to }) =>
    PACKAGES_ONLY_IN.filter(({ packages, files }) => packages.test(to) && !files.test(from)).map(
      ({ where }) => `${from} imports ${to}, which belongs in ${where}`,
    ),
  );
}

/** Every line that touches the process or the console from where it must not. */
export function wrongWords(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) =>
    withoutComments(text)
      .split('\n')
      .flatMap((line, index) =>
        WORDS_ONLY_IN.filter(({ words, files }) => words.test(line) && !files.test(file)).map(
          ({ where }) => `${file}:${index + 1} has ${line.trim()}, which belongs in ${where}`,
        ),
      ),
  );
}

export function tooLong(sources: Sources): string[] {
  return [...sources]
    .map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE)
    .map(({ file, lines }) => `${file} has ${lines} lines, the most is ${LONGEST_FILE}`);
}

function layerOf(file: string): number {
  return LAYERS.findIndex(({ files }) => files.test(file));
}

/** The folder within which files of one layer may import each other. */
function neighbour(file: string): string {
  return /^src\/(formats|copy|sql|database|embed)\//.exec(file)?.[1] ?? '';
}

function packageOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

const STATIC_IMPORT = /^(?:import|export)\s+(?<type>type\s)?(?:[^;'"]*?\sfrom\s+)?'(?<to>[^']+)'/gm;
const LAZY_IMPORT = /\bimport\('(?<to>[^']+)'\)/g;

function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([from, text]) => {
    const code = withoutComments(text);
    const own = (specifier: string) =>
      specifier.startsWith('.') ? path.posix.join(path.posix.dirname(from), specifier) : packageOf(specifier);
    const found = (match: RegExpExecArray, lazy: boolean): Import => {
      const { type, to = '' } = match.groups ?? {};
      return { from, to: own(to), typeOnly: type !== undefined, lazy };
    };
    return [
      ...[...code.matchAll(STATIC_IMPORT)].map((match) => found(match, false)),
      ...[...code.matchAll(LAZY_IMPORT)].map((match) => found(match, true)),
    ];
  });
}

/** Keeps the lines, so that their numbers hold. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/^\s*\/\/.*$/gm, '');
}
