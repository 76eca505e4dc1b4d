import { type BytesColumn, isValid } from '../../../batch.ts';
import { grown } from '../../../growing.ts';
import { excerpt, TAKEN, type ValueProblem } from '../../../text-reader.ts';
import { decimalComma, decimalCommaHint } from '../../../vector/decimal-comma.ts';
import { denseReader } from '../../../vector/dense-reader.ts';
import type { FloatColumn } from '../../../vector/transform.ts';
import type { Refuse } from './maker.ts';

const [OPEN, CLOSE, COMMA] = [0x5b, 0x5d, 0x2c];
const number = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/** Makes vectors of columns that each hold one of their elements as text. Its column is valid until the next. */
export type Gatherer = (columns: readonly BytesColumn[], rows: number, refuse: Refuse) => FloatColumn;

/**
 * The vectors' own reader reads a row's texts as one list, so that they are rounded as a vector's are. A row of NULLs
 * alone is a NULL.
 * @param names of the fields that the columns hold
 */
export function gatherer(names: readonly string[]): Gatherer {
  const reader = denseReader('vector', names.length);
  let list = new Uint8Array(0);
  return (columns, rows, refuse) => {
    reader.take();
    for (let row = 0; row < rows; row++) {
      list = grown(list, listLength(columns, row));
      const missing = writeList(columns, row, list);
      if (missing === columns.length) reader.readNull();
      else if (missing > 0) {
        const at = columns.findIndex(({ validity }) => !isValid(validity, row));
        refuse(row, { sqlstate: '22004', message: 'a dimension is missing, and others are not' }, names[at]);
        reader.readNull();
      } else if (reader.read(list, 0, listLength(columns, row)) !== TAKEN) {
        const at = columns.findIndex((column) => !number.test(textOf(column, row)));
        if (at < 0) refuse(row, reader.problem!);
        else refuse(row, notNumber(columns[at]!, row), names[at]);
        reader.readNull();
      }
    }
    return reader.take() as FloatColumn;
  };
}

/** Bytes of the row's list: brackets round the texts, and commas between them. */
function listLength(columns: readonly BytesColumn[], row: number): number {
  let length = columns.length + 1;
  for (let i = 0; i < columns.length; i++) {
    const { offsets } = columns[i]!;
    length += offsets[row + 1]! - offsets[row]!;
  }
  return length;
}

/** Writes the row's texts as a list; returns how many of them are NULL. */
function writeList(columns: readonly BytesColumn[], row: number, out: Uint8Array): number {
  let missing = 0;
  let length = 0;
  for (let i = 0; i < columns.length; i++) {
    const { bytes, offsets, validity } = columns[i]!;
    out[length++] = i === 0 ? OPEN : COMMA;
    if (!isValid(validity, row)) missing++;
    const end = offsets[row + 1]!;
    for (let at = offsets[row]!; at < end; at++) out[length++] = bytes[at]!;
  }
  out[length] = CLOSE;
  return missing;
}

function textOf({ bytes, offsets }: BytesColumn, row: number): string {
  return Buffer.from(bytes.subarray(offsets[row]!, offsets[row + 1]!)).toString('latin1');
}

function notNumber(column: BytesColumn, row: number): ValueProblem {
  const { bytes, offsets } = column;
  const message = `${excerpt(bytes, offsets[row]!, offsets[row + 1]!)} is no number`;
  return {
    sqlstate: '22P02',
    message,
    ...(decimalComma.test(textOf(column, row)) && { hint: decimalCommaHint }),
  };
}
