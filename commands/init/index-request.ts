import { InvalidArgumentError } from 'commander';
import { UsageError } from '../../src/errors.ts';
import type { IndexRequest } from '../../src/operations/index-create/request.ts';
import type { IndexType, Metric } from '../../src/vector/metrics.ts';
import { wholeNumber } from '../option-values.ts';

/** The flags that say which index a table gets. */
export interface IndexOptions {
  index?: IndexType | 'none';
  metric?: Metric;
  indexParams?: IndexParameters;
}

type IndexParameters = Pick<IndexRequest, 'm' | 'efConstruction' | 'lists'>;

/** The index that the flags ask for; undefined: none. */
export function requestedIndex(table: string | undefined, options: IndexOptions): IndexRequest | undefined {
  const { index = 'none', metric, indexParams } = options;
  if (index === 'none') {
    if (metric === undefined && indexParams === undefined) return undefined;
    throw new UsageError('--metric and --index-params are for an index', { hint: 'add --index hnsw' });
  }
  if (table === undefined)
    throw new UsageError('--index needs a table', { hint: 'pgv init <table> --index …' });
  return { type: index, metric, ...indexParams };
}

/** pgvector's bounds: https://github.com/pgvector/pgvector#index-options */
const parameters: Record<string, [name: keyof IndexParameters, parse: (text: string) => number]> = {
  m: ['m', wholeNumber({ min: 2, max: 100 })],
  ef_construction: ['efConstruction', wholeNumber({ min: 4, max: 1000 })],
  lists: ['lists', wholeNumber({ min: 1, max: 32_768 })],
};

/** The argument of --index-params, `m=16,ef_construction=64`. */
export function indexParameters(text: string): IndexParameters {
  const pairs = text.split(',').map((pair) => {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const known = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (known === undefined) {
      throw new InvalidArgumentError(`It takes ${Object.keys(parameters).join(', ')}, each with its number.`);
    }
    const [name, parse] = known;
    return [name, parse(value)] as const;
  });
  return Object.fromEntries(pairs);
}
