import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { npyHead } from '../test/support/vector-files.ts';
import { generator } from './corpus.ts';
import { madeOnce, writeAll } from './files.ts';
import { normalised, orthonormal, type SparseRows, times, timesTransposed } from './text-matrix.ts';

/** Embeddings of texts, in files of one array each. */
export interface TextCorpus {
  /** For the table. */
  rows: string;
  /** Texts like these that are not among them. */
  queries: string;
  dimensions: number;
}

/**
 * Embeddings of the packages that apt knows here, each by its name, its summary, its tags and its section: TF-IDF and a
 * truncated SVD, up to a rotation, which changes no distance. The same numbers whenever the lists are the same; written
 * once to the temporary folder. Debian 12 has 63,436 packages.
 * @param count rows for the table; what there is beyond them are the queries
 */
export async function textCorpus(count: number, dimensions: number): Promise<TextCorpus> {
  let made: Float32Array[] | undefined;
  const vectors = () => {
    made ??= shuffled(embeddings(packageTexts(), dimensions));
    if (made.length > count) return made;
    throw new Error(`apt knows ${made.length} packages here, and ${count} and some more are wanted`);
  };
  const file = (name: string, chosen: () => Float32Array[]) =>
    madeOnce(`${name}-${count}x${dimensions}.npy`, (target) => {
      const part = chosen();
      return writeAll(target, [
        headOf(part.length, dimensions),
        ...part.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer)),
      ]);
    });
  return {
    rows: await file('texts', () => vectors().slice(0, count)),
    queries: await file('text-queries', () => vectors().slice(count)),
    dimensions,
  };
}

/** How many vectors a file of the corpus has. */
export function vectorsIn(file: string, { dimensions }: TextCorpus): number {
  return Math.floor(statSync(file).size / (4 * dimensions));
}

/** Some of the corpus's rows as a file of queries, for a table that does not hold them. */
export function rowsAsQueries({ rows, dimensions }: TextCorpus, from: number, to: number): Promise<string> {
  return madeOnce(`${path.basename(rows, '.npy')}-${from}-${to}.npy`, (target) => {
    const all = readFileSync(rows);
    const start = all.length % (4 * dimensions);
    const part = all.subarray(start + 4 * dimensions * from, start + 4 * dimensions * to);
    return writeAll(target, [headOf(to - from, dimensions), part]);
  });
}

function headOf(count: number, dimensions: number): Buffer {
  return npyHead(`{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dimensions}), }`);
}

/** Words of each package. */
function packageTexts(): string[][] {
  const { stdout, error } = spawnSync('apt-cache', ['dumpavail'], { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (error) throw new Error(`the command apt-cache does not run: ${error.message}`);
  const field = (entry: string, name: string) =>
    new RegExp(`^${name}: (.*(?:\n .*)*)`, 'm').exec(entry)?.[1] ?? '';
  return stdout
    .split('\n\n')
    .filter((entry) => entry.startsWith('Package: '))
    .map((entry) =>
      ['Package', 'Description', 'Tag', 'Section']
        .flatMap((name) =>
          field(entry, name)
            .toLowerCase()
            .split(/[^a-z0-9]+/),
        )
        .filter((word) => word.length > 1),
    );
}

/** Rounds of subspace iteration: by then the subspace hardly moves. */
const iterations = 4;

function embeddings(texts: readonly string[][], dimensions: number): Float32Array[] {
  const matrix = weighted(texts);
  const random = generator(42);
  let basis = orthonormal(
    Array.from({ length: dimensions }, () =>
      Float64Array.from({ length: matrix.columns }, () => random() - 0.5),
    ),
  );
  for (let i = 0; i < iterations; i++) {
    basis = orthonormal(basis.map((column) => timesTransposed(matrix, times(matrix, column))));
  }
  const coordinates = basis.map((column) => times(matrix, column));
  return texts.map((_, row) => normalised(Float32Array.from(coordinates, (column) => column[row]!)));
}

/** TF-IDF of the words that several texts have, every row of length 1. */
function weighted(texts: readonly string[][]): SparseRows {
  const documents = new Map<string, number>();
  for (const words of texts) {
    for (const word of new Set(words)) documents.set(word, (documents.get(word) ?? 0) + 1);
  }
  const kept = [...documents].filter(([, count]) => count > 2);
  const columns = new Map(kept.map(([word], column) => [word, column]));
  const rows = texts.map((words) => {
    const counts = new Map<string, number>();
    for (const word of words) if (columns.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const weights = [...counts].map(
      ([word, count]) => (1 + Math.log(count)) * Math.log(texts.length / documents.get(word)!),
    );
    return {
      indices: Int32Array.from(counts.keys(), (word) => columns.get(word)!),
      values: normalised(Float32Array.from(weights)),
    };
  });
  return { rows, columns: kept.length };
}

function shuffled(vectors: Float32Array[]): Float32Array[] {
  const random = generator(7);
  for (let i = vectors.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [vectors[i], vectors[j]] = [vectors[j]!, vectors[i]!];
  }
  return vectors;
}
