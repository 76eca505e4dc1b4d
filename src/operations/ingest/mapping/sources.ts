import { DataError, UsageError } from '../../../errors.ts';
import type { OpenedFile } from '../../../formats/read/format.ts';

/** What `--map` names on its left, where that is no field's name as it stands. */
export type NamedSource =
  | { kind: 'others' }
  /** Indices among the file's fields, in the order of the dimensions. */
  | { kind: 'gathered'; fields: readonly number[]; numbered: boolean }
  | { kind: 'path'; field: number; steps: readonly string[] };

/**
 * `*`: all other fields. `dim_*`: the fields of such names, among those that are taken. `meta.author.name`: a path into
 * the field `meta`, taken or not.
 * @returns undefined where it is none of these
 */
export function namedSource(
  source: string,
  names: readonly string[],
  taken: readonly string[],
  file: OpenedFile,
): NamedSource | undefined {
  if (source === '*') return { kind: 'others' };
  const star = source.indexOf('*');
  if (star >= 0) return gathered(source, star, names, taken, file);
  return pathInto(source, names);
}

/** Of several fields that a path may begin with, the longest name counts. */
export function pathInto(
  source: string,
  names: readonly string[],
): (NamedSource & { kind: 'path' }) | undefined {
  const roots = names.filter((name) => name !== '' && source.startsWith(`${name}.`));
  const root = roots.toSorted((a, b) => b.length - a.length)[0];
  if (root === undefined) return undefined;
  const steps = source.slice(root.length + 1).split('.');
  return steps.includes('') ? undefined : { kind: 'path', field: names.indexOf(root), steps };
}

function gathered(
  pattern: string,
  star: number,
  names: readonly string[],
  taken: readonly string[],
  file: OpenedFile,
): NamedSource | undefined {
  const [prefix, suffix] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const fits = (name: string) =>
    name.length > prefix.length + suffix.length && name.startsWith(prefix) && name.endsWith(suffix);
  const found = taken.filter(fits);
  if (found.length === 0) return undefined;
  const parts = found.map((name) => name.slice(prefix.length, name.length - suffix.length));
  const odd = found.find((_, i) => !/^\d{1,9}$/.test(parts[i]!));
  if (parts.every((part) => !/^\d+$/.test(part))) {
    return { kind: 'gathered', fields: found.map((name) => names.indexOf(name)), numbered: false };
  }
  if (odd !== undefined) {
    throw new UsageError(`--map ${pattern} fits numbered fields, and ${odd} too`, {
      code: 'bad-pattern',
      column: odd,
      hint: 'say what all of them have in common, or which fields to take with --columns',
    });
  }
  const numbered = found
    .map((name, i) => ({ name, number: Number(parts[i]) }))
    .sort((a, b) => a.number - b.number);
  const gap = numbered.findIndex(({ number }, i) => i > 0 && number !== numbered[i - 1]!.number + 1);
  if (gap > 0) {
    const [before, after] = [numbered[gap - 1]!.name, numbered[gap]!.name];
    throw new DataError(`between ${before} and ${after} no dimension may be missing, nor be there twice`, {
      code: 'bad-pattern',
      file: file.layout.file,
      column: after,
      hint: `the fields of --map ${pattern} are numbered without a gap`,
    });
  }
  return { kind: 'gathered', fields: numbered.map(({ name }) => names.indexOf(name)), numbered: true };
}
