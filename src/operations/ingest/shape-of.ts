import type { Embedding } from './embed/embedding.ts';
import type { VectorOptions } from './mapping/vector-options.ts';
import type { MappingOptions } from './mapping.ts';

export interface ShapingOptions extends MappingOptions, VectorOptions {
  /** Records of the input at the most. */
  limit?: number | undefined;
  /** Texts that become vectors. */
  embed?: Embedding | undefined;
}

/**
 * The options that decide which rows a file becomes, as far as they are given: what a load is known by, besides its
 * file and table. However the flags were ordered, the same options give the same text as JSON.
 */
export function shapeOf(options: ShapingOptions): Record<string, unknown> {
  const { columns, dimensions, embed, limit, map, normalize, set, tenant, tenantColumn, type, types } =
    options;
  const { vectorColumn } = options;
  const shape = {
    columns,
    dimensions,
    embed: embed && sortedPairs(embed.columns),
    // An endpoint with one model is known by its address.
    embedModel: embed && (embed.endpoint.model ?? embed.endpoint.name),
    limit,
    // Of a source that is named twice the last column counts.
    map: map && sortedPairs(new Map(map)),
    normalize: normalize || undefined,
    set: set && sortedPairs(set),
    tenant,
    tenantColumn: tenant === undefined ? undefined : tenantColumn,
    type,
    types: types && sortedPairs(types),
    vectorColumn,
  };
  return Object.fromEntries(
    Object.entries(shape).filter(
      ([, value]) => !(value === undefined || (Array.isArray(value) && value.length === 0)),
    ),
  );
}

function sortedPairs(pairs: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  return [...pairs].sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1));
}
