import type { OpenedFile } from '../../../formats/read/format.ts';
import { decimalComma, decimalCommaHint } from '../../../vector/decimal-comma.ts';
import { formExamples, type WrittenVector, writtenVector } from '../../../vector/forms.ts';
import { commonVector, differingLists } from '../infer.ts';
import type { MappedColumn } from '../mapping.ts';
import type { TableDesign } from '../new-table.ts';
import { type ColumnSample, sampleOf } from './column-origin.ts';

/**
 * What a person should look at before trusting the design: columns of what looks like vectors, by their values or by
 * their name, that became something else, and why.
 */
export function doubts(
  { columns }: TableDesign,
  file: OpenedFile,
  mapped: readonly MappedColumn[],
): string[] {
  const noVectors = !columns.some(({ shown }) => /^(?:vector|halfvec|sparsevec|bit)\b/.test(shown));
  return mapped.flatMap(({ origin, column }) => {
    const designed = columns.find(({ name }) => name === column)!;
    const ofFile = origin.kind === 'field' && file.types?.[origin.field] === designed.shown;
    if (!(designed.inferred || ofFile) || !/^(?:text|jsonb|.*\[\])$/.test(designed.shown)) return [];
    const reason = reasonOf(sampleOf(origin, file), designed, noVectors && vectorName.test(column));
    return reason === undefined ? [] : [`${column} becomes ${designed.shown}, ${reason}`];
  });
}

/** What columns of vectors are called. */
const vectorName = /(?:^|[^a-z])(?:embeddings?|vectors?|vec|emb)$/i;

/**
 * Why a column of what looks like vectors is none; undefined where it does not look so.
 * @param named it is called as if it were, and no other column is one
 */
function reasonOf(
  { values, kind }: ColumnSample,
  { name: column, shown: type }: TableDesign['columns'][number],
  named: boolean,
): string | undefined {
  const differing = differingLists(values);
  if (differing !== undefined) {
    const { dimensions, other, row } = differing;
    return (
      `as its lists are not of one length (${dimensions} numbers at first, ${other} in row ${row}); ` +
      refusing(column, dimensions)
    );
  }
  const first = values.find((value) => value !== null) ?? '';
  const common = commonVector(values, kind);
  if (common !== undefined) {
    const likely = named || (common.form !== 'base64' && common.dimensions > 2);
    if (type !== 'text' || !likely) return undefined;
    return `though ${shorten(first)} could be a vector; --types ${column}='vector(${common.dimensions})' makes it one`;
  }
  return oddOne(values, column) ?? unread(first) ?? (named ? atAll(values, column) : undefined);
}

/** The first row that is not as the vectors in most of the others are. */
function oddOne(values: ColumnSample['values'], column: string): string | undefined {
  const texts = values.filter((value) => value !== null);
  const vectors = texts.map(writtenVector).filter((written) => written?.sure);
  const [usual] = vectors;
  if (usual === undefined || vectors.length * 2 < texts.length) return undefined;
  const row = values.findIndex((value) => value !== null && !isLike(writtenVector(value), usual)) + 1;
  if (row === 0) return undefined;
  const odd = values[row - 1]!;
  const form = writtenVector(odd)?.form;
  const what =
    form === undefined || form === usual.form
      ? `is no vector as the others are: ${shorten(odd)}`
      : `is written ${shorten(odd)}, and others ${formExamples[usual.form]}`;
  return `as row ${row} ${what}; ${refusing(column, usual.dimensions)}`;
}

function isLike(written: WrittenVector | undefined, usual: WrittenVector): boolean {
  return written?.form === usual.form && written.dimensions === usual.dimensions;
}

function refusing(column: string, dimensions: number): string {
  return `--types ${column}='vector(${dimensions})' refuses such rows`;
}

/** Numbers in a form that nobody reads as a vector. */
function unread(text: string): string | undefined {
  const numbers = text
    .trim()
    .replaceAll(/^[[{(]|[\]})]$/g, '')
    .split(/[;\s]+/);
  if (numbers.length > 1 && numbers.every((each) => decimalComma.test(each))) {
    return `for ${shorten(text)} is no vector: ${decimalCommaHint}`;
  }
  return looksLikeNumbers(text) ? `for a vector is written [1,2,3], and not ${shorten(text)}` : undefined;
}

/** Nothing in the sample is a vector. */
function atAll(values: ColumnSample['values'], column: string): string | undefined {
  if (values.length === 0) return undefined;
  const row = values.findIndex((value) => value !== null) + 1;
  if (row > 0) return `as row ${row} is no vector: ${shorten(values[row - 1]!)}`;
  return `as it is NULL in all rows that were looked at; --types ${column}='vector(<dimensions>)' makes it one of vectors`;
}

/** Brackets of some kind round two numbers at least, and little else. */
function looksLikeNumbers(text: string): boolean {
  return (
    /^\s*[[{(][-+.\d].*[\]})]\s*$/s.test(text) &&
    !/[^-+.,;\s\d[\]{}()eE]/.test(text.replaceAll(/null|none|nan/gi, '')) &&
    (text.match(/\d+/g)?.length ?? 0) >= 2
  );
}

function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
