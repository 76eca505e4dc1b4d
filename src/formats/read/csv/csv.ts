import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type {
  DecodedColumn,
  Layout,
  OpenedFile,
  OpenOptions,
  PieceDecoder,
  ReadFormat,
  Road,
} from '../format.ts';
import { type Cut, PieceCutter } from '../piece-cutter.ts';
import { readColumns } from '../text-columns.ts';
import { refuseUtf16 } from '../utf16.ts';
import { brokenRecord, wrongFieldCount } from './broken-record.ts';
import { csvDecoder } from './decoder.ts';
import { csvDialect, type Dialect, newlineOf } from './dialect.ts';
import { DELIMITER, type FieldEnd, FieldScanner, UNCLOSED } from './field-scanner.ts';
import { headerNames } from './header.ts';
import { isOdd, plainCsv } from './odd-dialect.ts';
import { walkRecords } from './record-counter.ts';

/** CSV by the rules of PostgreSQL's COPY … CSV, in UTF-8. */
export const csv: ReadFormat = { name: 'csv', extensions: ['.csv'], text: true, open, decoder };

/** The same with tabs between the fields. */
export const tsv: ReadFormat = {
  name: 'tsv',
  extensions: ['.tsv', '.tab'],
  text: true,
  open: (source, options) => open(source, { ...options, delimiter: options.delimiter ?? '\t' }),
  decoder,
};

interface CsvLayout extends Layout {
  dialect: Dialect;
  fieldCount: number;
}

/** Records that mapping and types are decided by: so many; of long ones a tenth, or what a megabyte holds. */
const sampleRecords = 1000;
const sampleLength = 2 ** 20;
const byteOrderMark = [0xef, 0xbb, 0xbf];

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  if (!isOdd(options)) return openPlain(source, options);
  const as = { ...options, delimiter: undefined, quote: undefined, escape: undefined, null: undefined };
  return openPlain(await plainCsv(source, options), as);
}

async function openPlain(source: Source, options: OpenOptions): Promise<OpenedFile> {
  const file = source.name;
  const cutter = new PieceCutter(source, options.pieceLength);
  let head = await cutter.peek();
  if (byteOrderMark.every((byte, i) => head[i] === byte)) {
    await cutter.skip(byteOrderMark.length);
    head = await cutter.peek();
  }
  if (head.length === 0) throw new DataError('the file is empty', { code: 'empty-file', file });
  refuseUtf16(head, file);
  const written = csvDialect(options);
  const dialect: Dialect = { ...written, newline: newlineOf(head, written) };

  const first = readRecord(new FieldScanner(dialect), asBuffer(head), 0);
  if (typeof first === 'number') throw brokenRecord(first, dialect, { file });
  const fieldCount = first.fields.length;
  let fieldNames: string[] | undefined;
  let rejectHead: Uint8Array | undefined;
  if (options.header ?? true) {
    fieldNames = headerNames(first.fields, file, options);
    rejectHead = new Uint8Array(head.subarray(0, first.end));
    await cutter.skip(first.end);
  }
  const layout: CsvLayout = { format: csv.name, file, dialect, fieldCount };
  const { sample, broken } = readSample(await wholeRecords(cutter, dialect), layout);
  return {
    fieldNames,
    fieldCount,
    headLength: cutter.position,
    sample,
    ...(sample.length === 0 && broken && { unreadable: broken }),
    layout,
    ...(rejectHead && { rejectHead }),
    pieces: (stored) =>
      cutter.pieces((bytes, length, atEnd) => cutRecords(bytes, length, atEnd, dialect), stored),
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

function decoder(
  layout: Layout,
  columns: readonly DecodedColumn[],
  road: Road,
  session: SessionFacts,
): PieceDecoder {
  const { file, dialect, fieldCount } = layout as CsvLayout;
  return csvDecoder(readColumns(columns, road, session), { file, dialect, fieldCount });
}

/** The whole records at the beginning of what is left: one at least, where there are any. */
async function wholeRecords(cutter: PieceCutter, dialect: Dialect): Promise<Buffer> {
  for (;;) {
    const head = asBuffer(await cutter.peek());
    const { end } = cutRecords(head, head.length, cutter.atEnd, dialect);
    if (end > 0 || cutter.atEnd) return head.subarray(0, end);
    await cutter.lengthen();
  }
}

function cutRecords(bytes: Buffer, length: number, atEnd: boolean, dialect: Dialect): Cut {
  const walk = { quoted: false, escaped: false, recordEnd: 0, records: 0 };
  walkRecords(bytes, 0, length, dialect, walk);
  const rest = atEnd && walk.recordEnd < length;
  return rest ? { end: length, records: walk.records + 1 } : { end: walk.recordEnd, records: walk.records };
}

/**
 * The first of the whole records that the beginning of the file holds, without those that are broken or have another
 * number of fields: what is wrong with them is found again, and said with their row, when they are loaded.
 * `broken`: what is wrong with the first of those.
 */
function readSample(
  head: Buffer,
  { dialect, fieldCount, file }: CsvLayout,
): { sample: (string | null)[][]; broken: DataError | undefined } {
  const scanner = new FieldScanner(dialect);
  const sample: (string | null)[][] = [];
  let broken: DataError | undefined;
  let position = 0;
  const isEnough = () => sample.length >= (position < sampleLength ? sampleRecords : sampleRecords / 10);
  for (let row = 1; position < head.length && !isEnough(); row++) {
    const record = readRecord(scanner, head, position);
    if (typeof record === 'number') {
      broken ??= brokenRecord(record, dialect, { file, row });
      position = scanner.skipRecord(head, position, head.length);
      continue;
    }
    const { fields, end, blank } = record;
    position = end;
    if (blank && fieldCount > 1) continue;
    if (fields.length === fieldCount) sample.push(fields);
    else broken ??= wrongFieldCount(fields.length, fieldCount, { file, row });
  }
  return { sample, broken };
}

interface TextRecord {
  fields: (string | null)[];
  end: number;
  /** An empty line, which is no record in a file of several fields. */
  blank: boolean;
}

/** The record at `start`, or how its field that does not end as fields do ends. */
function readRecord(scanner: FieldScanner, bytes: Buffer, start: number): TextRecord | FieldEnd {
  const fields: (string | null)[] = [];
  let at = start;
  for (;;) {
    const end = scanner.scan(bytes, at, bytes.length);
    if (end >= UNCLOSED) return end;
    fields.push(
      scanner.isNull() ? null : asBuffer(scanner.value).toString('utf8', scanner.start, scanner.end),
    );
    at = scanner.position;
    if (end === DELIMITER) continue;
    const blank = fields.length === 1 && !scanner.quoted && scanner.start === scanner.end;
    return { fields, end: at, blank };
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
