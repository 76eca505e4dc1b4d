import fc from 'fast-check';

// Random CSV files by the rules of PostgreSQL's COPY … CSV, with what was written in them.

export interface Dialect {
  delimiter: string;
  quote: string;
  /** Undefined: the quote. */
  escape: string | undefined;
  nullText: string;
  newline: '\n' | '\r\n' | '\r';
}

export interface WrittenField {
  /** Null is NULL. */
  text: string | null;
  /** Bare where that is possible; in quotes; or with quotes opening in the middle. */
  style: 'bare' | 'quoted' | 'middle';
}

export type WrittenRow = readonly WrittenField[] | 'blank';

export interface RandomFile {
  dialect: Dialect;
  columns: number;
  rows: readonly WrittenRow[];
  /** Whether the last line ends. */
  ended: boolean;
}

const dialect: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  quote: fc.constantFrom('"', "'"),
  escape: fc.constantFrom(undefined, '\\'),
  nullText: fc.constantFrom('', 'NULL', '-', '\\N'),
  newline: fc.constantFrom('\n', '\r\n', '\r'),
});

const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(',', ';', '\t', '|', '"', "'", '\\', '\n', '\r', '\r\n') },
  { weight: 2, arbitrary: fc.constantFrom('a', ' ', 'é', '😀', '日', '0', '-', 'NULL', '\\N', '\\.', '""') },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }).map((text) => text.replaceAll('\0', '')) },
);

const field: fc.Arbitrary<WrittenField> = fc.record({
  text: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 4, arbitrary: fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')) },
  ),
  style: fc.constantFrom('bare', 'quoted', 'middle'),
});

export const randomFile: fc.Arbitrary<RandomFile> = fc.integer({ min: 1, max: 3 }).chain((columns) => {
  const row = fc.array(field, { minLength: columns, maxLength: columns });
  const blank = fc.constant('blank' as const);
  return fc.record({
    dialect,
    columns: fc.constant(columns),
    rows: fc.array(
      columns === 1 ? row : fc.oneof({ weight: 6, arbitrary: row }, { weight: 1, arbitrary: blank }),
      {
        maxLength: 12,
      },
    ),
    ended: fc.boolean(),
  });
});

/** The file, with a header c0, c1, …. */
export function fileText({ dialect, columns, rows, ended }: RandomFile): string {
  const { delimiter, newline } = dialect;
  const header = Array.from({ length: columns }, (_, i) => `c${i}`).join(delimiter);
  const lines = rows.map((row) =>
    row === 'blank' ? '' : row.map((written) => fieldText(written, dialect)).join(delimiter),
  );
  const text = [header, ...lines].join(newline);
  // An empty last line without an end would not be there at all.
  return ended || lines.at(-1) === '' ? text + newline : text;
}

function fieldText({ text, style }: WrittenField, dialect: Dialect): string {
  if (text === null) return dialect.nullText;
  if (style === 'bare' && text !== dialect.nullText && isPlain(text, dialect)) return text;
  // As many characters as need no quotes come before them.
  let bare = 0;
  if (style === 'middle') while (bare < text.length && isPlain(text.slice(0, bare + 1), dialect)) bare++;
  return text.slice(0, bare) + inQuotes(text.slice(bare), dialect);
}

function isPlain(text: string, { delimiter, quote }: Dialect): boolean {
  return ![delimiter, quote, '\n', '\r'].some((special) => text.includes(special));
}

function inQuotes(text: string, { quote, ...dialect }: Dialect): string {
  const before = dialect.escape ?? quote;
  const special = (character: string) => character === quote || character === before;
  return quote + Array.from(text, (c) => (special(c) ? before + c : c)).join('') + quote;
}
