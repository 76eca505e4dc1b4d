import { fromSql, SparseVector } from 'pgvector';
import { UsageError } from '../../errors.ts';
import type { VectorType } from '../../vector/metrics.ts';
import type { VectorColumn } from '../tables.ts';

const examples: Record<VectorType, string> = {
  vector: '[0.1,0.2,0.3]',
  halfvec: '[0.1,0.2,0.3]',
  sparsevec: '{1:0.5,7:1.25}/100',
  bit: '10110',
};

/**
 * A vector as a person writes it, as the text that PostgreSQL reads; a sparse column takes a dense list too, and one of
 * bits the signs of one. Else the numbers go through untouched, so that they are rounded once, by pgvector.
 * @throws UsageError where it is none, or not of the column's dimensions
 */
export function readQueryVector(text: string, column: VectorColumn): string {
  const trimmed = text.trim();
  const isList = trimmed.startsWith('[');
  if (isList) checkElements(trimmed, column.vector);
  else checkForm(trimmed, column.vector);
  const literal = isList ? fromList(trimmed, column.vector) : trimmed;
  checkDimensions(dimensionsOf(literal, column.vector), column);
  return literal;
}

/** A vector read from the database, as JSON has it: a list of numbers; sparse vectors and bits stay text. */
export function vectorValue(text: string, type: VectorType): number[] | string {
  return type === 'vector' || type === 'halfvec' ? (fromSql(text) as number[]) : text;
}

const number = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
const forms: Record<VectorType, RegExp> = {
  vector: /^\[.*\]$/s,
  halfvec: /^\[.*\]$/s,
  sparsevec: /^\{.*\}\/\d+$/s,
  bit: /^[01]+$/,
};

function checkForm(text: string, type: VectorType): void {
  if (forms[type].test(text)) return;
  throw new UsageError(`query vector is no ${type}: ${shortened(text)}`, {
    code: 'bad-vector',
    hint: `write it as '${examples[type]}', or search with a stored row's own: --id <key>`,
  });
}

function checkElements(text: string, type: VectorType): void {
  checkForm(text, type === 'halfvec' ? type : 'vector');
  const elements = text.slice(1, -1).split(',');
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
