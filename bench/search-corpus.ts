import { npyHead } from '../test/support/vector-files.ts';
import { generator } from './corpus.ts';
import { madeOnce, writeAll } from './files.ts';

/** Vectors around two hundred centres, as embeddings lie, and queries among them: two npy files. */
export interface SearchCorpus {
  rows: number;
  dimensions: number;
  vectors: string;
  /** The different queries, over and over. */
  queries: string;
  /** The different queries, as text. */
  texts: string[];
}

/** Made-up float32s, written once to the temporary folder. The same numbers every time. */
export async function searchCorpus(
  rows: number,
  dimensions: number,
  queries: { count: number; different: number },
): Promise<SearchCorpus> {
  const centres = around([new Float32Array(dimensions)], 1, 200, 7);
  const asked = around(centres, 0.4, queries.different, 11);
  const file = (name: string, count: number, vectors: () => Iterable<Float32Array>) =>
    madeOnce(`${name}-${count}x${dimensions}.npy`, (target) =>
      writeAll(target, npy(vectors(), count, dimensions)),
    );
  return {
    rows,
    dimensions,
    vectors: await file('clustered', rows, () => around(centres, 0.4, rows, 42)),
    queries: await file(`queries-${queries.different}`, queries.count, () =>
      Array.from({ length: queries.count }, (_, i) => asked[i % asked.length]!),
    ),
    texts: asked.map(
      (vector) => `[${Array.from(vector, (value) => Number(value.toPrecision(7))).join(',')}]`,
    ),
  };
}

function around(
  centres: readonly Float32Array[],
  spread: number,
  count: number,
  seed: number,
): Float32Array[] {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)]!;
    return centre.map((value) => value + (random() + random() - 1) * spread);
  });
}

function* npy(vectors: Iterable<Float32Array>, rows: number, dimensions: number): Generator<Buffer> {
  yield Buffer.from(npyHead(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimensions}), }`));
  for (const vector of vectors) yield Buffer.from(vector.buffer);
}
