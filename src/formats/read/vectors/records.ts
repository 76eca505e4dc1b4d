import { DataError } from '../../../errors.ts';
import type { Cut, PieceCutter } from '../piece-cutter.ts';

/** The first bytes of what has not been cut yet, `length` of them or more; fewer where there are no more. */
export async function firstBytes(cutter: PieceCutter, length: number): Promise<Uint8Array> {
  let head = await cutter.peek();
  while (head.length < length && !cutter.atEnd) {
    await cutter.lengthen();
    head = await cutter.peek();
  }
  return head;
}

/** Cuts records of one length; at the end, what is left of one is a record too. */
export function cutRecords(length: number, atEnd: boolean, record: number): Cut {
  const records = Math.floor(length / record);
  const rest = atEnd && records * record < length;
  return rest ? { end: length, records: records + 1 } : { end: records * record, records };
}

export function emptyFile(file: string): DataError {
  return new DataError('the file is empty', { code: 'empty-file', file });
}

/** What to say of a row of other dimensions than the first, in a format where each row says its own. */
export function otherDimensions(seen: number, first: number, file: string, row: number): DataError {
  return new DataError(`the row has ${seen} dimensions, row 1 has ${first}`, {
    code: 'bad-dimensions',
    sqlstate: '22000',
    file,
    row,
    hint: 'all vectors of a file have one length; is the file damaged?',
  });
}
