import { createReadStream } from 'node:fs';

/** A rejected row: where it stood, what is wrong with it, and its bytes. */
export interface Reject {
  /** As messages name it. */
  file: string;
  /** Its number in the file, from 1. */
  row: number;
  /** Where it begins in the source's own bytes; undefined where it does not lie in one place. */
  byteOffset: number | undefined;
  /** Of `bytes`. */
  byteLength: number;
  column: string | undefined;
  reason: string;
  sqlstate: string | undefined;
  /** Its piece's sequence. */
  piece: number;
  /** Index of its file among the load's. */
  fileIndex: number;
  bytes: Uint8Array;
}

/** What the file of errors says of one rejected row. */
export interface Entry {
  fileIndex: number;
  piece: number;
  /** Its line, with the line end. */
  line: Buffer;
  /** Its row's bytes in the reject file: [start, end). */
  start: number;
  end: number;
}

/** The line of the file of errors: JSON, its keys always the same. */
export function entryLine({
  file,
  row,
  byteOffset,
  byteLength,
  column,
  reason,
  sqlstate,
  piece,
  fileIndex,
}: Reject): string {
  const entry = { file, row, byteOffset, byteLength, column, reason, sqlstate, piece, fileIndex };
  return `${JSON.stringify(entry, (_, value) => value ?? null)}\n`;
}

/**
 * The entries of a file of errors, one after the other, without a last line that is cut short.
 * @param headLength bytes before the first row in the reject file
 * @throws NoEntry for a line that is none
 */
export async function* readEntries(path: string, headLength: number): AsyncGenerator<Entry> {
  let start = headLength;
  for await (const line of wholeLines(path)) {
    const { byteLength, piece, fileIndex } = parse(line);
    const end = start + byteLength;
    yield { fileIndex, piece, line, start, end };
    start = end;
  }
}

/** A line that no load has written. */
export class NoEntry extends Error {}

async function* wholeLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
      yield bytes.subarray(from, end + 1);
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
}

function parse(line: Buffer): Pick<Reject, 'byteLength' | 'piece' | 'fileIndex'> {
  try {
    const entry = JSON.parse(line.toString());
    const { byteLength, piece, fileIndex } = entry;
    if ([byteLength, piece, fileIndex].every((value) => Number.isSafeInteger(value) && value >= 0))
      return entry;
  } catch {
    // No JSON: said below.
  }
  throw new NoEntry();
}
