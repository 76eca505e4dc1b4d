import { base64Floats } from './base64.ts';
import { numberText } from './vector-text.ts';

/**
 * How a vector is written as text: `[1,2]` (pgvector's own), `{1,2}` (an array of PostgreSQL's), `1 2` (white space
 * between the numbers, with brackets or without), `1,2`, base64 of little-endian float32 (embedding APIs),
 * `{1:0.5}/768` (pgvector's sparsevec).
 */
export type VectorForm = 'list' | 'array' | 'spaces' | 'commas' | 'base64' | 'sparse';

export interface WrittenVector {
  form: VectorForm;
  dimensions: number;
  /** What else such a text may be is unlikely: it has brackets, or fractions, or the bytes of many small floats. */
  sure: boolean;
}

/** How people are told of a form. */
export const formExamples: Record<VectorForm, string> = {
  list: '[0.1,0.2,0.3]',
  array: '{0.1,0.2,0.3}',
  spaces: '0.1 0.2 0.3',
  commas: '0.1,0.2,0.3',
  base64: 'base64 of float32',
  sparse: '{1:0.5,7:2}/768',
};

/** From this many on, floats of a likely size are no chance. */
const surelyFloats = 8;

/** How a text writes a vector; undefined where it is none. For samples: it is slow, and the readers are strict. */
export function writtenVector(text: string): WrittenVector | undefined {
  const inner = text.trim();
  const sparse = /^\{(.*)\}\s*\/\s*(\d+)$/s.exec(inner);
  if (sparse !== null) return sparseVector(sparse[1]!, Number(sparse[2]));
  if (/^\{.*\}$/s.test(inner)) return separated('array', inner.slice(1, -1).split(','), 2);
  const bracketed = /^\[(.*)\]$/s.exec(inner)?.[1];
  if (bracketed !== undefined) {
    const list = separated('list', bracketed.split(','), 1);
    return list ?? separated('spaces', bracketed.trim().split(/\s+/), 2);
  }
  if (inner.includes(',')) return bare('commas', inner.split(','));
  if (/\s/.test(inner)) return bare('spaces', inner.split(/\s+/));
  return base64Vector(inner);
}

/**
 * A dense vector, in whatever form, as `[…]`: its numbers as they are written, those of base64 as their shortest decimals.
 * Undefined where it is none.
 */
export function vectorList(text: string): string | undefined {
  const inner = text.trim();
  switch (writtenVector(inner)?.form) {
    case 'list':
      return inner;
    case 'array':
      return `[${inner.slice(1, -1)}]`;
    case 'commas':
      return `[${inner}]`;
    case 'spaces':
      return `[${inner
        .replace(/^\[(.*)\]$/s, '$1')
        .trim()
        .split(/\s+/)
        .join(',')}]`;
    case 'base64':
      return `[${Array.from(floatsOf(inner), numberText).join(',')}]`;
    default:
      return undefined;
  }
}

/** @param least elements that the form cannot be mistaken with */
function separated(form: VectorForm, elements: string[], least: number): WrittenVector | undefined {
  const dimensions = elements.length;
  return elements.every(isElement) ? { form, dimensions, sure: dimensions >= least } : undefined;
}

/** Whole numbers alone, or two of them, may be anything: a telephone number, a place on the map. */
function bare(form: VectorForm, elements: string[]): WrittenVector | undefined {
  const written = separated(form, elements, 3);
  const fractions = elements.some((element) => /[.eE]/.test(element));
  return written && { ...written, sure: written.sure && fractions };
}

function sparseVector(elements: string, dimensions: number): WrittenVector | undefined {
  const fits = elements.split(',').every((element) => {
    const [index, value, ...more] = element.split(':');
    return more.length === 0 && /^\s*\d+\s*$/.test(index!) && value !== undefined && isElement(value);
  });
  return fits || elements.trim() === '' ? { form: 'sparse', dimensions, sure: true } : undefined;
}

function base64Vector(text: string): WrittenVector | undefined {
  const floats = floatsOf(text);
  const dimensions = floats.length;
  if (dimensions === 0 || !floats.every(isLikely)) return undefined;
  const sure = dimensions >= surelyFloats && floats.some((value) => value !== 0);
  return { form: 'base64', dimensions, sure };
}

/** Empty where the text is no base64 of floats. */
function floatsOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64);
  const out = new Float32Array(bytes.length);
  return out.subarray(0, Math.max(0, base64Floats(bytes, 0, bytes.length, out, 0)));
}

/** What an embedding's element is; the exponent of four letters is most often another. */
function isLikely(value: number): boolean {
  const magnitude = Math.abs(value);
  return value === 0 || (magnitude > 2 ** -60 && magnitude < 2 ** 20);
}

/** NaN and infinity are elements too: a vector that holds one is a bad one, and said to be one when it is loaded. */
function isElement(text: string): boolean {
  return /^\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)\s*$/i.test(text);
}
