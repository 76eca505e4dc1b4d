import { fromSql, SparseVector } from 'pgvector';
import { UsageError } from '../../errors.ts';
import { vectorList, writtenVector } from '../../vector/forms.ts';
import { maxDimensions } from '../../vector/limits.ts';
import type { VectorType } from '../../vector/metrics.ts';
import type { VectorColumn } from '../tables.ts';

const examples: Record<VectorType, string> = {
  vector: '[0.1,0.2,0.3]',
  halfvec: '[0.1,0.2,0.3]',
  sparsevec: '{1:0.5,7:1.25}/100',
  bit: '10110',
};

/**
 * A vector as a person or an API writes it, in any form that ingest reads, as the text that PostgreSQL reads: a sparse
 * column takes a dense one too, a dense column a sparse one, and one of bits the signs of either. Else the numbers go
 * through untouched, so that they are rounded once, by pgvector.
 * @throws UsageError where it is none, or not of the column's dimensions
 */
export function readQueryVector(text: string, column: VectorColumn): string {
  const trimmed = text.trim();
  const literal = isOwnForm(trimmed, column.vector)
    ? trimmed
    : fromList(listOf(trimmed, column), column.vector);
  checkDimensions(dimensionsOf(literal, column.vector), column);
  return literal;
}

/** A vector read from the database, as JSON has it: a list of numbers; sparse vectors and bits stay text. */
export function vectorValue(text: string, type: VectorType): number[] | string {
  return type === 'vector' || type === 'halfvec' ? (fromSql(text) as number[]) : text;
}

const number = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

const sparse = /^\{.*\}\s*\/\s*\d+$/s;

function isOwnForm(text: string, type: VectorType): boolean {
  return (type === 'sparsevec' && sparse.test(text)) || (type === 'bit' && /^[01]+$/.test(text));
}

/** A vector that is not written as the column's type is, as `[…]`. */
function listOf(text: string, column: VectorColumn): string {
  const { form, dimensions = 0, sure } = writtenVector(text) ?? {};
  if (form === 'sparse' && dimensions <= maxDimensions.vector) {
    checkDimensions(dimensions, column);
    return `[${new SparseVector(text, undefined).toArray().join(',')}]`;
  }
  // Four letters are a float, too.
  const isWord = form === 'base64' && !sure && dimensions !== column.dimensions;
  const list = (isWord ? undefined : vectorList(text)) ?? (/^\[.*\]$/s.test(text) ? text : undefined);
  if (list === undefined) {
    throw new UsageError(`query vector is no ${column.vector}: ${shortened(text)}`, {
      code: 'bad-vector',
      hint: `write it as '${examples[column.vector]}', or search with a stored row's own: --id <key>`,
    });
  }
  checkElements(list);
  return list;
}

function checkElements(list: string): void {
  const elements = list.slice(1, -1).split(',');
  const bad = elements.findIndex((element) => !number.test(element));
  if (bad < 0) return;
  const element = elements[bad]!.trim();
  throw new UsageError(`query vector's element ${bad + 1} is not a finite number: ${shortened(element)}`, {
    code: 'bad-vector',
    hint: `write it as '${examples.vector}'`,
  });
}

function fromList(list: string, type: VectorType): string {
  if (type === 'sparsevec') return new SparseVector(fromSql(list), undefined).toPostgres();
  if (type !== 'bit') return list;
  // As pgvector's binary_quantize has it, of the float32s that a vector would hold.
  return (fromSql(list) as number[]).map((value) => (Math.fround(value) > 0 ? '1' : '0')).join('');
}

function dimensionsOf(literal: string, type: VectorType): number {
  if (type === 'bit') return literal.length;
  if (type === 'sparsevec') return new SparseVector(literal, undefined).dimensions;
  return (fromSql(literal) as number[]).length;
}

function checkDimensions(actual: number, column: VectorColumn): void {
  if (column.dimensions === undefined || actual === column.dimensions) return;
  throw new UsageError(`query vector has ${actual} dimensions, not ${column.dimensions}`, {
    code: 'wrong-dimensions',
    column: column.name,
    sqlstate: '22000',
    hint: `embed the query with the model that made the stored vectors (${column.name} is ${column.declared})`,
  });
}

/** Enough of what was given to know it again, without what would command a terminal. */
function shortened(given: string): string {
  const text = given.replace(/\p{C}/gu, '?');
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
