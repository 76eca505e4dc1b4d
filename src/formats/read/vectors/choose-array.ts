import { DataError, UsageError } from '../../../errors.ts';
import { maxDimensions } from '../../../vector/limits.ts';

/** One of a file's arrays. */
export interface NamedArray {
  name: string;
  /** Elements along each axis. */
  shape: readonly number[];
  /** What its elements are, where they are no plain numbers. */
  unreadable?: string | undefined;
}

/**
 * The array that is read: the named one; the only one of vectors (rows × dimensions); the first of `usual` names
 * among several.
 * @throws UsageError, DataError where there is none, or nothing tells which
 */
export function chooseArray<A extends NamedArray>(
  arrays: readonly A[],
  wanted: string | undefined,
  usual: readonly string[],
  file: string,
): A {
  const chosen = wanted === undefined ? byItself(arrays, usual, file) : named(arrays, wanted, file);
  checkShape(chosen, file);
  return chosen;
}

function named<A extends NamedArray>(arrays: readonly A[], wanted: string, file: string): A {
  const found = arrays.find(({ name }) => name === wanted.replace(/^\/+/, ''));
  if (found !== undefined) return found;
  throw new UsageError(`${file} has no array ${wanted}`, {
    code: 'no-dataset',
    file,
    hint: `its arrays are ${list(arrays)}`,
  });
}

function byItself<A extends NamedArray>(arrays: readonly A[], usual: readonly string[], file: string): A {
  const vectors = arrays.filter(({ shape, unreadable }) => shape.length === 2 && unreadable === undefined);
  const [only, another] = vectors;
  if (only === undefined) {
    throw new DataError(`the file holds no array of rows × dimensions`, {
      code: 'no-vectors',
      file,
      hint: arrays.length === 0 ? 'it holds no arrays at all' : `its arrays are ${list(arrays)}`,
    });
  }
  if (another === undefined) return only;
  for (const name of usual) {
    const found = vectors.find((array) => array.name === name);
    if (found !== undefined) return found;
  }
  throw new UsageError(`${file} holds several arrays: ${list(vectors)}`, {
    code: 'ambiguous-dataset',
    file,
    hint: `choose one with --dataset, for example --dataset ${only.name}`,
  });
}

function checkShape({ name, shape, unreadable }: NamedArray, file: string): void {
  if (unreadable !== undefined) {
    throw new DataError(`array ${name} holds ${unreadable}`, { code: 'bad-element-type', file });
  }
  if (shape.length < 1 || shape.length > 2) {
    throw new DataError(`array ${name} has ${shape.length} axes, not one or two`, {
      code: 'bad-shape',
      file,
    });
  }
  checkDimensions(shape[1] ?? 1, file);
}

/** @throws DataError where no vector has so many */
export function checkDimensions(dimensions: number, file: string): void {
  if (dimensions >= 1 && dimensions <= maxDimensions.vector) return;
  throw new DataError(
    `the rows have ${dimensions} dimensions; a vector has at least 1 and at most ${maxDimensions.vector}`,
    {
      code: dimensions < 1 ? 'bad-shape' : 'too-many-dimensions',
      sqlstate: dimensions < 1 ? '22000' : '54000',
      file,
    },
  );
}

/** Names and shapes for a message, which stays a line. */
function list(arrays: readonly NamedArray[]): string {
  const shown = arrays.slice(0, 10).map(({ name, shape }) => `${name} (${shape.join(' × ') || 'one value'})`);
  return arrays.length > 10 ? `${shown.join(', ')} and ${arrays.length - 10} more` : shown.join(', ');
}
