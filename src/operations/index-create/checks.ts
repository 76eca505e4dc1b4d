import { UsageError } from '../../errors.ts';
import {
  defaultMetric,
  type IndexType,
  indexDimensionLimit,
  indexServes,
  type Metric,
  metricsOf,
} from '../../vector/metrics.ts';
import {
  canQuantize,
  metricsServed,
  type Quantization,
  quantizedMetric,
  quantizedType,
} from '../../vector/quantization.ts';
import type { TableDescription, VectorColumn } from '../tables.ts';
import { type IndexRequest, parameterDefaults } from './request.ts';

/**
 * @returns the metric that is meant
 * @throws UsageError where pgvector has no such index on such a column, with what to do instead
 */
export function checkRequest(table: TableDescription, column: VectorColumn, request: IndexRequest): Metric {
  const { type, metric = defaultMetric(column.vector), quantize = 'none' } = request;
  checkKind(table);
  checkQuantization(column, quantize);
  checkMetric(column, type, metric, quantize);
  checkDimensions(table, column, type, metric, quantize);
  checkParameters(request);
  return metric;
}

function checkKind({ name, kind }: TableDescription): void {
  if (kind === 'view' || kind === 'foreign table') {
    throw new UsageError(`${name} is a ${kind}, which has no indexes`, {
      hint: kind === 'view' ? 'name the table below it with -t' : 'create the index where its rows are',
    });
  }
}

function checkQuantization({ name, vector }: VectorColumn, quantize: Quantization): void {
  if (canQuantize(vector, quantize)) return;
  throw new UsageError(`--quantize ${quantize} is not for ${vector}, the type of ${name}`, {
    code: 'bad-quantization',
    hint: vector === 'halfvec' ? 'use --quantize binary, or leave it out' : 'leave --quantize out',
  });
}

/** @throws UsageError where pgvector has no such index on the column's type */
export function checkMetric(
  column: Pick<VectorColumn, 'name' | 'vector'>,
  type: IndexType,
  metric: Metric,
  quantize: Quantization = 'none',
): void {
  const metrics = metricsOf(column.vector);
  if (!metrics.includes(metric)) {
    throw new UsageError(`metric ${metric} is not for ${column.vector}, the type of ${column.name}`, {
      code: 'bad-metric',
      hint: `metrics for it: ${metrics.join(', ')}`,
    });
  }
  if (quantize === 'binary' && !metricsServed('hamming', 'binary').includes(metric)) {
    throw new UsageError(`--quantize binary does not serve ${metric}`, {
      code: 'bad-metric',
      hint: `use --quantize half, or a metric that signs tell of: ${metricsServed('hamming', 'binary').join(', ')}`,
    });
  }
  const held = quantizedType(column.vector, quantize);
  if (indexServes(type, held, quantizedMetric(metric, quantize))) return;
  const served = metrics.filter((each) => indexServes(type, held, each));
  if (served.length === 0) {
    throw new UsageError(`${type} does not index ${column.vector}, the type of ${column.name}`, {
      code: 'bad-index-type',
      hint: 'use --type hnsw',
    });
  }
  throw new UsageError(`${type} does not serve ${metric} on ${held}`, {
    code: 'bad-metric',
    hint: `use --type hnsw, or a metric that it serves: ${served.join(', ')}`,
  });
}

function checkDimensions(
  table: TableDescription,
  column: VectorColumn,
  type: IndexType,
  metric: Metric,
  quantize: Quantization,
): void {
  const { name, vector, dimensions, type: declared } = column;
  if (dimensions === undefined) {
    throw new UsageError(`column ${name} has no dimensions, which an index needs`, {
      code: 'no-dimensions',
      hint: `declare them: ALTER TABLE ${table.shown} ALTER COLUMN ${name} TYPE ${vector}(<dimensions>)`,
    });
  }
  if (declared.kind === 'd' && quantize === 'none') {
    const others = (['half', 'binary'] as const).filter((each) => canQuantize(vector, each));
    const flags = others.map((each) => `--quantize ${each}`).join(' or ');
    throw new UsageError(
      `column ${name} is of domain ${declared.name}, whose dimensions pgvector does not see`,
      {
        code: 'no-dimensions',
        hint: `${flags === '' ? '' : `use ${flags}, or `}give it the type itself: ALTER TABLE ${table.shown} ALTER COLUMN ${name} TYPE ${vector}(${dimensions})`,
      },
    );
  }
  const held = quantizedType(vector, quantize);
  const limit = indexDimensionLimit(type, held) ?? 0;
  if (dimensions <= limit) return;
  const others = (['half', 'binary'] as const).filter(
    (each) =>
      canQuantize(vector, each) &&
      dimensions <= (indexDimensionLimit(type, quantizedType(vector, each)) ?? 0) &&
      (each === 'half' || metricsServed('hamming', 'binary').includes(metric)),
  );
  const flags = others.map((each) => `--quantize ${each}`).join(' or ');
  const hint =
    others.length > 0
      ? `\`pgv index create\` with ${flags} indexes them ${others.map((each) => inWords[each]).join(' or ')}, and a search compares the best exactly`
      : 'store fewer dimensions (many models give vectors that can be cut short), or search without an index';
  throw new UsageError(
    `column ${name} has ${dimensions} dimensions; ${type} indexes ${held} up to ${limit}`,
    { code: 'too-many-dimensions', sqlstate: '54000', hint },
  );
}

const inWords = { half: 'in half precision', binary: 'as a bit each' };

/** @throws UsageError for parameters of the other type of index, or that do not go together */
export function checkParameters({ type, m, efConstruction, lists }: IndexRequest): void {
  if (type === 'hnsw' && lists !== undefined) {
    throw new UsageError('lists is for ivfflat', { hint: 'hnsw takes m and ef_construction' });
  }
  if (type === 'ivfflat' && (m !== undefined || efConstruction !== undefined)) {
    throw new UsageError('m and ef_construction are for hnsw', { hint: 'ivfflat takes lists' });
  }
  const connections = m ?? parameterDefaults.m!;
  const candidates = efConstruction ?? parameterDefaults.ef_construction!;
  if (candidates >= 2 * connections) return;
  throw new UsageError(`ef_construction ${candidates} is less than twice m, ${connections}`, {
    hint: `make ef_construction ${2 * connections} or more`,
  });
}
