import type { Quantization } from '../vector/quantization.ts';
import { quoteQualified } from './identifiers.ts';

/**
 * A vector as an index of this quantisation holds it: what it indexes of a column, and what a query is compared as.
 * The same text for both, so that PostgreSQL sees that the index serves.
 * @param vector as SQL: a column's name, or a parameter of the column's type
 * @param schema that holds pgvector
 */
export function quantized(
  vector: string,
  quantization: Quantization,
  dimensions: number,
  schema: string,
): string {
  if (quantization === 'none') return vector;
  if (quantization === 'half') return `${vector}::${quoteQualified(schema, 'halfvec')}(${dimensions})`;
  return `${quoteQualified(schema, 'binary_quantize')}(${vector})::bit(${dimensions})`;
}

/** What an expression indexes, where it is a column's vector quantised. */
export interface QuantizedColumn {
  column: string;
  quantization: Exclude<Quantization, 'none'>;
  dimensions: number;
}

const name = String.raw`(?:"(?:[^"]|"")+"|[a-z_][\w$]*)`;
const half = new RegExp(String.raw`^\(?(?<column>${name})\)?::(?:${name}\.)?halfvec\((?<dimensions>\d+)\)$`);
const binary = new RegExp(
  // The cast is a domain's, to the type that it comes down to.
  String.raw`^\(?(?:${name}\.)?binary_quantize\(\(?(?<column>${name})(?:\)::(?:${name}\.)?${name})?\)\)?::bit\((?<dimensions>\d+)\)$`,
);

/** Reads an index's expression as pg_get_expr writes it; undefined where it is anything else. */
export function quantizedColumn(expression: string): QuantizedColumn | undefined {
  for (const [quantization, form] of [
    ['half', half],
    ['binary', binary],
  ] as const) {
    const { column, dimensions } = form.exec(expression)?.groups ?? {};
    if (column !== undefined) {
      return { column: unquoted(column), quantization, dimensions: Number(dimensions) };
    }
  }
  return undefined;
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
