import type { OpenedFile, ValueKind } from '../../formats/read/format.ts';
import { inferType } from './infer.ts';
import type { Input } from './input.ts';

/** Records of a sample of which one may be wrong; of more, one in so many. */
const oneIn = 10;

/** Inputs whose wrong rows are left out: these do not decide what the columns of a new table are. */
export function inputsWithoutStrays(inputs: readonly Input[]): Input[] {
  return inputs.map((input) => ({
    ...input,
    open: async (options) => {
      const opened = await input.open(options);
      return { ...opened, file: withoutStrays(opened.file) };
    },
  }));
}

/** A file without the records of its sample that have a value unlike nearly all others in its field. */
export function withoutStrays(file: OpenedFile): OpenedFile {
  const strays = new Set<number>();
  for (let field = 0; field < file.fieldCount; field++) {
    const values = file.sample.map((record) => record[field] ?? null);
    for (const row of straysOf(values, file.kinds?.[field])) strays.add(row);
  }
  if (strays.size === 0) return file;
  return { ...file, sample: file.sample.filter((_, row) => !strays.has(row)) };
}

/** The values that are not of the type that nearly all are; none where there is no such type, or it is text. */
function straysOf(values: readonly (string | null)[], kind: ValueKind | undefined): number[] {
  const types = values.map((value) => (value === null ? undefined : typeOf(value, kind)));
  const counts = new Map<string, number>();
  for (const type of types) if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  if (counts.size < 2) return [];
  // Whole numbers are among the others.
  const decimals = counts.get('float8') ?? 0;
  const wholes = counts.get('int8') ?? 0;
  const numbers = decimals * oneIn > wholes ? ['float8', 'int8'] : ['int8'];
  const [common] = [...counts].sort(([, a], [, b]) => b - a)[0]!;
  const alike = new Set(numbers.includes(common) ? numbers : [common]);
  const others = types.flatMap((type, row) => (type === undefined || alike.has(type) ? [] : [row]));
  const known = types.filter((type) => type !== undefined).length;
  return common === 'text' || others.length > Math.max(1, known / oneIn) ? [] : others;
}

function typeOf(value: string, kind: ValueKind | undefined): string {
  const type = inferType([value], kind);
  return 'dimensions' in type ? `${type.name}(${type.dimensions})` : type.name;
}
