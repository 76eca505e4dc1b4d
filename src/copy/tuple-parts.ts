import { DatabaseError } from '../errors.ts';
import { grown } from '../growing.ts';
import { TRAILER, TupleWalker, UNFINISHED } from '../tuples.ts';

/** Signature (11), flags (4) and the length of a header extension (4), which PostgreSQL always leaves empty. */
const headerLength = 19;

export interface CutOptions {
  /** Fields a row. */
  fields: number;
  /** Bytes a run, about. */
  partLength: number;
  /** Rows at the beginning that are left out. */
  skip?: number;
  /** Runs end where the number of their next row, counted from `firstRow`, is a multiple of it. */
  every?: number | undefined;
  firstRow?: number;
}

/** Whole tuples, in a buffer that is used again for the next run. */
export interface Tuples {
  bytes: Uint8Array<ArrayBuffer>;
  rows: number;
}

/**
 * Cuts the bytes of a binary COPY, header and trailer included, into runs of whole tuples.
 * @throws DatabaseError where it ends before its trailer, or is none
 */
export async function* tupleParts(
  wire: AsyncIterable<Uint8Array>,
  { fields, partLength, skip = 0, every, firstRow = 0 }: CutOptions,
): AsyncGenerator<Tuples> {
  const walker = new TupleWalker(fields);
  const rowsUntil = (row: number) => (every === undefined ? Number.POSITIVE_INFINITY : every - (row % every));
  let buffer = new Uint8Array(partLength + 2 ** 18);
  let length = 0;
  // The run is buffer[start, end), of `rows` rows; what follows is not walked over yet.
  let start = headerLength;
  let end = headerLength;
  let rows = 0;
  let row = firstRow;
  let skipped = 0;
  let wanted = rowsUntil(row);
  let begun = false;
  let complete = false;
  for await (const chunk of wire) {
    buffer = grown(buffer, length + chunk.length);
    buffer.set(chunk, length);
    length += chunk.length;
    begun ||= length >= headerLength;
    if (!begun) continue;
    for (;;) {
      const next = walker.next(buffer, end, length);
      if (next < 0) {
        complete = next === TRAILER;
        if (next !== UNFINISHED && !complete) throw notBinary(walker.problem);
        break;
      }
      end = next;
      if (skipped < skip) {
        skipped++;
        start = end;
        continue;
      }
      rows++;
      if (rows < wanted && end - start < partLength) continue;
      yield { bytes: buffer.subarray(start, end), rows };
      row += rows;
      rows = 0;
      start = end;
      wanted = rowsUntil(row);
    }
    if (start > 0) {
      // What is left, less than a chunk, goes to the front.
      buffer.copyWithin(0, start, length);
      end -= start;
      length -= start;
      start = 0;
    }
  }
  if (!complete) throw notBinary('it ended before its trailer');
  if (rows > 0) yield { bytes: buffer.subarray(start, end), rows };
}

function notBinary(problem: string): DatabaseError {
  return new DatabaseError(`what the database sent is no whole binary COPY: ${problem}`, {
    code: 'protocol',
  });
}
