import { UsageError } from '../../errors.ts';
import { type ColumnDefinition, type TableDefinition, vectorTypeName } from '../../sql/create-table.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { maxDimensions } from '../../vector/limits.ts';
import type { VectorType } from '../../vector/metrics.ts';

/** What a column is for. Only the first four and created_at are there without being asked for. */
export const columnRoles = [
  'id',
  'content',
  'metadata',
  'embedding',
  'created_at',
  'tenant',
  'document',
  'chunk',
] as const;
export type ColumnRole = (typeof columnRoles)[number];

export const idTypes = ['bigint', 'uuid', 'text'] as const;
export type IdType = (typeof idTypes)[number];

export interface VectorRequest {
  name: string;
  type: VectorType;
  dimensions: number;
}

/** The table as the user asks for it. */
export interface TableRequest {
  /** `[schema.]name`. */
  name: string;
  vectors: readonly VectorRequest[];
  idType: IdType;
  /** Names that differ from the roles'; a role outside the default table is asked for by having one. */
  names: Partial<Record<ColumnRole, string>>;
  unlogged: boolean;
}

/** A column with its type by the name that SQL and pg_type both know. */
export interface PlannedColumn extends Omit<ColumnDefinition, 'type'> {
  type: 'int8' | 'int4' | 'uuid' | 'text' | 'jsonb' | 'timestamptz' | VectorType;
  /** Of a vector type. */
  dimensions?: number;
}

export interface TablePlan {
  schema: string | undefined;
  name: string;
  columns: PlannedColumn[];
  unlogged: boolean;
}

const identifiers: Record<IdType, Pick<PlannedColumn, 'type' | 'identity' | 'default'>> = {
  bigint: { type: 'int8', identity: true },
  uuid: { type: 'uuid', default: 'gen_random_uuid()' },
  text: { type: 'text' },
};

/**
 * The columns of the table, in order.
 * @throws UsageError for a vector with more dimensions than its type takes, or a name that is there twice
 */
export function planTable(request: TableRequest): TablePlan {
  for (const vector of request.vectors) requireDimensionsWithinLimit(vector);
  const { names } = request;
  const columns: PlannedColumn[] = [
    { name: names.id ?? 'id', ...identifiers[request.idType], primaryKey: true },
  ];
  if (names.tenant !== undefined) columns.push({ name: names.tenant, type: 'text', notNull: true });
  if (names.document !== undefined) columns.push({ name: names.document, type: 'text' });
  if (names.chunk !== undefined) columns.push({ name: names.chunk, type: 'int4' });
  columns.push(
    { name: names.content ?? 'content', type: 'text' },
    { name: names.metadata ?? 'metadata', type: 'jsonb' },
    ...request.vectors,
    { name: names.created_at ?? 'created_at', type: 'timestamptz', notNull: true, default: 'now()' },
  );
  requireDistinct(columns);
  return { ...parseTableName(request.name), columns, unlogged: request.unlogged };
}

/** The plan as CREATE TABLE takes it. */
export function tableDefinition(plan: TablePlan, extensionSchema: string | undefined): TableDefinition {
  const columns = plan.columns.map((column) => ({ ...column, type: typeName(column, extensionSchema) }));
  return { ...plan, columns };
}

/** `bigint`, `vector(768)`: a type as people write it. */
export function typeName(
  { type, dimensions }: Pick<PlannedColumn, 'type' | 'dimensions'>,
  extensionSchema?: string,
): string {
  switch (type) {
    case 'int8':
      return 'bigint';
    case 'int4':
      return 'integer';
    case 'uuid':
    case 'text':
    case 'jsonb':
    case 'timestamptz':
      return type;
    default:
      return vectorTypeName(extensionSchema, type, dimensions);
  }
}

/** Of bit: MaxAttrSize × 8, src/include/utils/varbit.h. */
const limits: Record<VectorType, number> = { ...maxDimensions, bit: 83_886_080 };

function requireDimensionsWithinLimit({ name, type, dimensions }: VectorRequest): void {
  if (dimensions <= limits[type]) return;
  const limit = limits[type].toLocaleString('en-US');
  throw new UsageError(`column ${name}: ${type} has at most ${limit} dimensions, not ${dimensions}`, {
    code: 'too-many-dimensions',
    column: name,
    hint:
      type === 'vector' || type === 'halfvec'
        ? "check the model's number of dimensions; sparsevec takes more where most are zero"
        : "check the model's number of dimensions",
  });
}

function requireDistinct(columns: readonly PlannedColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice === undefined) return;
  throw new UsageError(`column ${twice} is asked for twice`, {
    column: twice,
    hint: 'give each column a name of its own with --column-map or --vector',
  });
}
