import { DataError, UsageError } from '../../../errors.ts';
import type { OpenedFile } from '../../../formats/read/format.ts';
import { maxDimensions } from '../../../vector/limits.ts';
import type { VectorType } from '../../../vector/metrics.ts';
import { commonVector, type InferredType, inferType } from '../infer.ts';
import type { MappedColumn } from '../mapping.ts';
import { type ColumnSample, sampleOf } from './column-origin.ts';
import { typeInNewTable, type VectorOptions } from './vector-options.ts';

/** Names of inferred types as SQL's standard has them. */
const sqlNames: Record<Exclude<InferredType, { dimensions: number }>['name'], string> = {
  int8: 'bigint',
  float8: 'double precision',
  bool: 'boolean',
  uuid: 'uuid',
  timestamptz: 'timestamptz',
  jsonb: 'jsonb',
  text: 'text',
};

/** What a column's type is, but for what --type and --dimensions make of vectors. */
export interface SuggestedType {
  from: 'user' | 'file' | 'sample';
  /** As it is told to people. */
  shown: string;
  /** Set for vectors whose type and dimensions are known. */
  vector?: { name: VectorType; dimensions: number | undefined };
}

/** @param given by --types */
export function suggestedType(
  { column, origin }: MappedColumn,
  file: OpenedFile,
  given: string | undefined,
): SuggestedType {
  const sample = sampleOf(origin, file);
  if (given !== undefined) return withVector('user', completeType(given, sample, column));
  switch (origin.kind) {
    case 'object':
      return { from: 'file', shown: 'jsonb' };
    case 'constant':
      return { from: 'file', shown: 'text' };
    case 'gathered':
      return withVector('file', `vector(${origin.fields.length})`);
    case 'embedded':
      return withVector('file', `vector(${origin.dimensions})`);
    case 'field': {
      const declared = file.types?.[origin.field];
      if (declared !== undefined) return withVector('file', declared);
    }
  }
  const inferred = inferType(sample.values, sample.kind);
  return 'dimensions' in inferred
    ? withVector('sample', `${inferred.name}(${inferred.dimensions})`)
    : { from: 'sample', shown: sqlNames[inferred.name] };
}

function withVector(from: SuggestedType['from'], shown: string): SuggestedType {
  const [, name, dimensions] = /^(vector|halfvec|sparsevec|bit)(?:\((\d+)\))?$/.exec(shown) ?? [];
  if (name === undefined) return { from, shown };
  const vector = {
    name: name as VectorType,
    dimensions: dimensions === undefined ? undefined : Number(dimensions),
  };
  return { from, shown, vector };
}

/**
 * The type with what --type and --dimensions say.
 * @param options of the column: empty for all but the one that they are about
 */
export function shownType(
  { from, shown, vector }: SuggestedType,
  column: string,
  options: VectorOptions,
  file: OpenedFile,
): string {
  if (vector === undefined) return shown;
  const { type, dimensions } = options;
  if (from === 'user' && type !== undefined && type !== vector.name) {
    throw new UsageError(`--types ${column}=${shown} and --type ${type} say two things`, {
      code: 'bad-type',
      column,
      hint: 'leave one of them out',
    });
  }
  const final = { name: type ?? vector.name, dimensions: dimensions ?? vector.dimensions };
  if (final.name !== 'bit' && (final.dimensions ?? 0) > maxDimensions[final.name]) {
    throw tooManyDimensions(final.dimensions!, final.name, file, column);
  }
  return from === 'user' && type === undefined && dimensions === undefined
    ? shown
    : typeInNewTable(vector, options);
}

function tooManyDimensions(
  dimensions: number,
  type: Exclude<VectorType, 'bit'>,
  file: OpenedFile,
  column: string,
): DataError {
  return new DataError(`${dimensions} dimensions; a ${type} cannot have more than ${maxDimensions[type]}`, {
    code: 'too-many-dimensions',
    sqlstate: '54000',
    file: file.layout.file,
    row: 1,
    column,
    hint: `store it as text with --types ${column}=text, or shorten the vectors with --dimensions`,
  });
}

const typeSyntax =
  /^(?:"[^"]+"|[a-z_][\w$]*)(?:\.(?:"[^"]+"|[a-z_][\w$]*))?(?: [a-z ]+)?(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*$/i;

/** A type from --types; a vector type without dimensions takes them from the file. */
function completeType(given: string, { values, kind }: ColumnSample, column: string): string {
  if (!typeSyntax.test(given)) {
    throw new UsageError(`--types ${column}=${given}: not the name of a type`, {
      code: 'bad-type',
      column,
      hint: `for example --types ${column}=text or --types ${column}='halfvec(768)'`,
    });
  }
  if (given !== 'vector' && given !== 'halfvec') return given;
  const written = commonVector(values, kind);
  return written === undefined ? given : `${given}(${written.dimensions})`;
}
