import type { Reporter } from '../../progress.ts';
import {
  type IndexType,
  indexDimensionLimit,
  indexServes,
  metricOfOperatorClass,
  metricsOf,
  operatorClassOf,
} from '../../vector/metrics.ts';
import { typeInNewTable } from '../ingest/mapping/vector-options.ts';
import type { ManifestIndex, ManifestTable } from '../manifest/manifest.ts';
import { type ChangedColumn, typeAfter } from './vector-column.ts';

/**
 * A table whose vector column is of another type, or has other dimensions: its indexes with the operator classes of that
 * type. What cannot be carried over is left out, and said.
 */
export function changedTable(
  table: ManifestTable,
  changed: ChangedColumn | undefined,
  reporter: Reporter,
): ManifestTable {
  if (changed === undefined) return table;
  const { name, vector, dimensions } = changed.column;
  const type = typeInNewTable({ name: vector, dimensions }, changed.options);
  if (type === typeInNewTable({ name: vector, dimensions }, {})) return table;
  const isAbout = ({ columns }: { columns: string[] }) => columns.includes(name);
  const leaveOut = (what: string, definition: string) =>
    reporter.warn(`${what} is not made, as ${name} becomes ${type}: ${definition}`);
  return {
    ...table,
    columns: table.columns.map((column) =>
      column.name === name ? { ...column, type, default: null } : column,
    ),
    constraints: table.constraints.filter((constraint) => {
      const stays = constraint.kind !== 'check' || !isAbout(constraint);
      if (!stays) leaveOut(`constraint ${constraint.name}`, constraint.definition);
      return stays;
    }),
    indexes: table.indexes.flatMap((index) => {
      if (!isAbout(index)) return [index];
      const definition = changedIndex(index, changed);
      if (definition === undefined) leaveOut(`index ${index.name}`, index.definition);
      return definition === undefined ? [] : [{ ...index, definition }];
    }),
  };
}

/** `hnsw (embedding vector_l2_ops) WITH (m='16')`, as pg_get_indexdef has it: an operator class that is the default is left out. */
const onColumn = /^(hnsw|ivfflat) \(("(?:[^"]|"")+"|\w+)(?: (\w+))?\)(.*)$/s;

/** Undefined where pgvector has no such index, or the definition is of more than the column. */
function changedIndex({ definition, method }: ManifestIndex, changed: ChangedColumn): string | undefined {
  const match = onColumn.exec(definition);
  if (match === null) return method === 'hnsw' || method === 'ivfflat' ? undefined : definition;
  const [, , column, operatorClass, rest] = match;
  const type = typeAfter(changed);
  const { options, column: before } = changed;
  const metric = operatorClass === undefined ? 'l2' : metricOfOperatorClass(operatorClass);
  const limit = indexDimensionLimit(method as IndexType, type) ?? 0;
  const dimensions = options.dimensions ?? before.dimensions ?? 0;
  if (metric === undefined || !metricsOf(type).includes(metric) || dimensions > limit) return undefined;
  if (!indexServes(method as IndexType, type, metric)) return undefined;
  return `${method} (${column} ${operatorClassOf(type, metric)})${rest}`;
}
