import { DataError } from '../../../errors.ts';
import type { OpenOptions } from '../format.ts';

/**
 * The names that a header gives, empty where it gives none.
 * @throws DataError for a first line of values, which would be lost as a header, and for one in another dialect, or JSON
 */
export function headerNames(
  fields: readonly (string | null)[],
  file: string,
  { columns }: OpenOptions,
): string[] {
  const names = fields.map((field) => field ?? '');
  if (beginsObject.test(names[0]!)) {
    throw new DataError('the file is read as CSV, and its first line is JSON', {
      code: 'wrong-format',
      file,
      hint: 'JSON lines are in a file called .jsonl, one array in one called .json; pgv ingest takes --format jsonl or json',
    });
  }
  if (names.some(isVector) || names.every((name) => isNumber(name) || looksLikeVector(name))) {
    throw new DataError('the first line holds values, not column names', {
      code: 'no-header',
      file,
      hint: 'say --no-header, and name the fields with --columns <a,b,c>',
    });
  }
  if (names.some((name) => name.includes('\0'))) {
    throw new DataError('the header holds NUL bytes: the file is no UTF-8 text', {
      code: 'bad-encoding',
      file,
      sqlstate: '22021',
      hint: 'is it UTF-16? --encoding utf-16le reads that',
    });
  }
  const other = names.length === 1 ? otherDelimiter.exec(names[0]!)?.[0] : undefined;
  if (other !== undefined && !columns?.includes(names[0]!)) {
    const shown = other === '\t' ? '\\t' : other;
    // What it is called with commas cannot be said in a list.
    const really = names[0]!.includes(',') ? '' : ` (or --columns '${names[0]}' where it really is one)`;
    throw new DataError(`the first line is one field, ${JSON.stringify(names[0])}`, {
      code: 'wrong-delimiter',
      file,
      hint: `say what separates the fields: --delimiter '${shown}'${really}`,
    });
  }
  return names;
}

/** What may separate fields; a comma before a space is one of prose. */
const otherDelimiter = /[;\t|]|,(?!\s|$)/;

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));
const isVector = (text: string): boolean => /^\s*\[\s*[-+.\d][-+.\deE,\s]*\]\s*$/.test(text);
/** Sparse vectors and arrays too. */
const looksLikeVector = (text: string): boolean => /^\s*[[{].*[\]}](\/\d+)?\s*$/s.test(text);
/** As CSV has it, where quotes within a field are gone: `{id: 1`. A whole document in quotes keeps its own. */
const beginsObject = /^\s*(?:\[\s*)?\{\s*[^\s\d.+:{}"-][^:]*:/;
