import { InvalidArgumentError } from 'commander';
import { UsageError } from '../../src/errors.ts';
import {
  type ColumnRole,
  columnRoles,
  type IdType,
  planTable,
  type TablePlan,
  type VectorRequest,
} from '../../src/operations/init/plan.ts';
import { isVectorType, type VectorType } from '../../src/vector/metrics.ts';

/** The flags that say what a table looks like. */
export interface TableShapeOptions {
  dimensions?: number;
  type?: VectorType;
  vector?: VectorRequest[];
  idType?: IdType;
  columnMap?: [string, string][];
  tenantColumn?: string | true;
  unlogged?: true;
}

/** The table that the flags describe; undefined where they say nothing about it. */
export function requestedPlan(table: string | undefined, options: TableShapeOptions): TablePlan | undefined {
  const vectors = requestedVectors(options);
  const names = requestedNames(options);
  const shapes = [options.idType, options.unlogged, ...Object.values(names), ...vectors];
  if (shapes.every((shape) => shape === undefined)) return undefined;
  if (table === undefined) {
    throw new UsageError('a table is described but not named', { hint: 'pgv init <table> …' });
  }
  return planTable({
    name: table,
    vectors,
    idType: options.idType ?? 'bigint',
    names,
    unlogged: options.unlogged === true,
  });
}

function requestedVectors(options: TableShapeOptions): VectorRequest[] {
  const { dimensions, type, vector } = options;
  const name = requestedNames(options).embedding;
  if (vector !== undefined) {
    if (dimensions === undefined && type === undefined && name === undefined) return vector;
    throw new UsageError('--vector stands in place of --dimensions, --type and --column-map embedding');
  }
  if (dimensions !== undefined) return [{ name: name ?? 'embedding', type: type ?? 'vector', dimensions }];
  if (type === undefined && name === undefined) return [];
  throw new UsageError('a vector column needs dimensions', {
    code: 'no-dimensions',
    hint: "add --dimensions <n>, the length of your model's vectors, such as 384, 768 or 1536",
  });
}

function requestedNames({
  columnMap = [],
  tenantColumn,
}: TableShapeOptions): Partial<Record<ColumnRole, string>> {
  const names: Partial<Record<ColumnRole, string>> = {};
  if (tenantColumn !== undefined) names.tenant = tenantColumn === true ? 'tenant_id' : tenantColumn;
  for (const [role, name] of columnMap) names[roleNamed(role)] = name;
  return names;
}

function roleNamed(name: string): ColumnRole {
  const role = columnRoles.find((known) => known === name);
  if (role !== undefined) return role;
  throw new UsageError(`--column-map does not know ${name}`, { hint: `it maps ${columnRoles.join(', ')}` });
}

/** The argument of --vector, `image:vector(512)`; several of them gather in order. */
export function vectorColumn(text: string, previous: VectorRequest[] = []): VectorRequest[] {
  const [, name, type, dimensions] = /^(.+):([a-z]+)\(([1-9]\d*)\)$/s.exec(text) ?? [];
  if (name === undefined || type === undefined || !isVectorType(type)) {
    throw new InvalidArgumentError('It must be <name>:<type>(<n>), such as image:vector(512).');
  }
  return [...previous, { name, type, dimensions: Number(dimensions) }];
}
