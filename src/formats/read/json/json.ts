import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { SessionFacts } from '../../../values/types.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
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
import { jsonDecoder } from './decoder.ts';
import { ArrayCutter, arrayFrame, cutLines, exampleObject, lineFrame } from './frames.ts';
import { readSample, type Sample } from './sample.ts';
import { OPEN_LIST, OPEN_OBJECT, skipSpace } from './syntax.ts';
import { objectHint } from './wrapped-rows.ts';

/** JSON lines: one object a line, in UTF-8. Empty lines are left out. https://jsonlines.org */
export const jsonl: ReadFormat = {
  name: 'jsonl',
  extensions: ['.jsonl', '.ndjson'],
  text: true,
  open: openLines,
  decoder: decoder(lineFrame),
};

/** One array of objects (RFC 8259), in UTF-8. */
export const json: ReadFormat = {
  name: 'json',
  extensions: ['.json'],
  text: true,
  open: openArray,
  decoder: decoder(arrayFrame),
};

interface JsonLayout extends Layout {
  /** Keys by field. */
  names: readonly string[];
  /** Keys that are not among them are left out rather than refused. */
  others: boolean;
}

const byteOrderMark = [0xef, 0xbb, 0xbf];

async function openLines(source: Source, options: OpenOptions): Promise<OpenedFile> {
  const cutter = await beginning(source, options, jsonl.name);
  const sample = readSample(await wholeRecords(cutter, cutLines), lineFrame());
  checkSample(sample, source.name);
  return openedFile(jsonl.name, cutter, sample, source.name, options, (stored) =>
    cutter.pieces(cutLines, stored),
  );
}

async function openArray(source: Source, options: OpenOptions): Promise<OpenedFile> {
  const file = source.name;
  const cutter = await beginning(source, options, json.name);
  const head = await cutter.peek();
  const start = skipSpace(head, 0, head.length);
  if (head[start] !== OPEN_LIST) {
    throw new DataError('the file does not begin with [, as an array of objects does', {
      code: 'bad-json',
      file,
      sqlstate: '22P04',
      hint: head[start] === OPEN_OBJECT ? objectHint(head, start) : 'is it a JSON file?',
    });
  }
  await cutter.skip(start + 1);
  const sampled = new ArrayCutter();
  const records = await wholeRecords(cutter, (...bytes) => sampled.cut(...bytes));
  const sample = readSample(records, arrayFrame());
  checkSample(sample, file);
  return openedFile(json.name, cutter, sample, file, options, async function* (stored) {
    const array = new ArrayCutter();
    // Read to its end whatever is stored: only so the closing bracket is seen.
    for await (const piece of cutter.pieces((...bytes) => array.cut(...bytes))) {
      if (stored?.has(piece.location.sequence)) cutter.recycle(piece.bytes.buffer);
      else yield piece;
    }
    if (array.closed) return;
    throw new DataError('the array is never closed: the file ends before its ]', {
      code: 'bad-json',
      sqlstate: '22P04',
      file,
      hint: 'was it written, or copied, to its end?',
    });
  });
}

/** The source behind its byte order mark. */
async function beginning(source: Source, options: OpenOptions, format: string): Promise<PieceCutter> {
  refuseCsvFlags(options, format);
  const cutter = new PieceCutter(source, options.pieceLength);
  const head = await cutter.peek();
  refuseUtf16(head, source.name);
  if (byteOrderMark.every((byte, i) => head[i] === byte)) await cutter.skip(byteOrderMark.length);
  if ((await cutter.peek()).length > 0) return cutter;
  throw new DataError('the file is empty', { code: 'empty-file', file: source.name });
}

/** The whole records at the beginning of what is left: one at least, where there are any. */
async function wholeRecords(
  cutter: PieceCutter,
  cut: (bytes: Buffer, length: number, atEnd: boolean) => Cut,
): Promise<Buffer> {
  for (;;) {
    const bytes = await cutter.peek();
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const { end } = cut(head, head.length, cutter.atEnd);
    if (end > 0 || cutter.atEnd) return head.subarray(0, end);
    await cutter.lengthen();
  }
}

/**
 * A file whose first record is no object names no fields. What is broken behind it is found again, and said with its
 * row, when it is loaded.
 */
function checkSample({ names, rows, broken }: Sample, file: string): void {
  if (rows.length === 0 && broken !== undefined) {
    const { row, error } = broken;
    throw new DataError(error.message, {
      code: 'bad-json',
      sqlstate: error.sqlstate,
      file,
      row,
      hint: error.hint,
    });
  }
  if (names.length > 0) return;
  throw new DataError(rows.length === 0 ? 'there are no objects' : 'the first objects are empty', {
    code: 'no-rows',
    file,
    hint: `each row is an object, whose keys name the columns: ${exampleObject}`,
  });
}

function openedFile(
  format: string,
  cutter: PieceCutter,
  { names, rows, kinds }: Sample,
  file: string,
  options: OpenOptions,
  pieces: OpenedFile['pieces'],
): OpenedFile {
  const layout: JsonLayout = { format, file, names, others: options.columns !== undefined };
  return {
    fieldNames: names,
    fieldCount: names.length,
    headLength: cutter.position,
    sample: rows,
    kinds,
    ...(layout.others ? {} : { otherFields: true as const }),
    layout,
    pieces,
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

function decoder(frame: typeof lineFrame): ReadFormat['decoder'] {
  return (
    layout: Layout,
    columns: readonly DecodedColumn[],
    road: Road,
    session: SessionFacts,
  ): PieceDecoder => {
    const { file, names, others } = layout as JsonLayout;
    return jsonDecoder(readColumns(columns, road, session), { file, frame: frame(), names, others });
  };
}
