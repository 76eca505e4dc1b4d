import type { OpenedFile } from '../../../formats/read/format.ts';
import { commonVector, differingLists } from '../infer.ts';
import type { MappedColumn } from '../mapping.ts';
import type { TableDesign } from '../new-table.ts';
import { type ColumnSample, sampleOf } from './column-origin.ts';

/**
 * What a person should look at before trusting the design: lists of numbers that became text or jsonb, because they
 * are not of one length, or may be something else.
 */
export function doubts(
  { columns }: TableDesign,
  file: OpenedFile,
  mapped: readonly MappedColumn[],
): string[] {
  return mapped.flatMap(({ origin, column }) => {
    const designed = columns.find(({ name }) => name === column);
    if (!designed?.inferred || !['text', 'jsonb'].includes(designed.shown)) return [];
    const doubt = doubtOf(sampleOf(origin, file), column, designed.shown);
    return doubt === undefined ? [] : [doubt];
  });
}

function doubtOf({ values, kind }: ColumnSample, column: string, type: string): string | undefined {
  const differing = differingLists(values);
  if (differing !== undefined) {
    const { dimensions, other, row } = differing;
    return (
      `${column} becomes ${type}, as its lists are not of one length (${dimensions} numbers at first, ${other} in ` +
      `row ${row}); --types ${column}='vector(${dimensions})' refuses such rows`
    );
  }
  const first = values.find((value) => value !== null) ?? '';
  if (type !== 'text') return undefined;
  const written = commonVector(values, kind);
  if (written !== undefined && written.form !== 'base64' && written.dimensions > 2) {
    return (
      `${column} becomes text, though ${shorten(first)} could be a vector; ` +
      `--types ${column}='vector(${written.dimensions})' makes it one`
    );
  }
  if (!looksLikeNumbers(first)) return undefined;
  return `${column} becomes text, for a vector is written [1,2,3], and not ${shorten(first)}`;
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
