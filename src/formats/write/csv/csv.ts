import { isValid } from '../../../batch.ts';
import { isPrintable } from '../../../values/printers.ts';
import type { Encoder, FileLayout, Take, WriteFormat, WritePlan } from '../format.ts';
import { TextOutput } from '../text-output.ts';
import { type CsvDialect, FieldWriter } from './field-writer.ts';

/** CSV byte for byte as PostgreSQL's own COPY … (FORMAT csv) writes it, in UTF-8. */
export const csvFormat: WriteFormat = {
  ...delimitedBy(({ text }) => text.delimiter),
  name: 'csv',
  endings: ['csv'],
  textOptions: ['header', 'null', 'delimiter'],
};

/** The same with tabs between the fields. */
export const tsvFormat: WriteFormat = {
  ...delimitedBy(() => '\t'),
  name: 'tsv',
  endings: ['tsv', 'tab'],
  textOptions: ['header', 'null'],
};

const LINE_FEED = 0x0a;

function delimitedBy(
  delimiterOf: (plan: WritePlan) => string,
): Omit<WriteFormat, 'name' | 'endings' | 'textOptions'> {
  const dialect = (plan: WritePlan): CsvDialect => ({
    delimiter: delimiterOf(plan).charCodeAt(0),
    nullText: Buffer.from(plan.text.null),
    single: plan.columns.length === 1,
  });
  return {
    binary: false,
    appendable: true,
    compression: 'around',
    sent: ({ name }) => (isPrintable(name) ? 'binary' : 'text'),
    encoder: (plan, take) => encoder(dialect(plan), take),
    files: (plan) => [file(plan.text.header ? headerLine(plan, dialect(plan)) : new Uint8Array(0))],
  };
}

function encoder(dialect: CsvDialect, take: Take): Encoder {
  const out = new TextOutput(take);
  const writer = new FieldWriter(out, dialect);
  return {
    takes: 'batches',
    encode: ({ rows, columns }) => {
      out.begin();
      const fields = columns.map((column) => writer.of(column));
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < fields.length; i++) {
          if (i > 0) out.add(dialect.delimiter);
          if (isValid(columns[i]!.validity, row)) fields[i]!(row);
          else writer.writeNull();
        }
        out.add(LINE_FEED);
      }
      return out.finish(rows);
    },
  };
}

function headerLine({ columns }: WritePlan, dialect: CsvDialect): Uint8Array {
  const out = new TextOutput((length) => new Uint8Array(length));
  const writer = new FieldWriter(out, dialect);
  columns.forEach(({ name }, i) => {
    if (i > 0) out.add(dialect.delimiter);
    const bytes = Buffer.from(name);
    writer.write(bytes, 0, bytes.length, name.includes('"'));
  });
  out.add(LINE_FEED);
  return out.bytes.slice(0, out.at);
}

function file(head: Uint8Array): FileLayout {
  return {
    ending: undefined,
    streams: [0],
    assembler: () => ({ head: () => head, add: () => {}, end: () => [] }),
  };
}
