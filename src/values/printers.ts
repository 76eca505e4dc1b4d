import type { BitsColumn, Column, Int64Column, UuidColumn } from '../batch.ts';
import { longestInteger, printInt64, printInteger } from '../print-integer.ts';
import { denseRoom, printDense, printSparse, sparseRoom } from '../vector/print-vector.ts';

/** Prints a column's values as PostgreSQL's output functions print them. */
export interface Printer {
  /** Bytes that the value of row `row` takes, at most; one more may be written over. */
  room: (row: number) => number;
  /** Prints the value of row `row`; returns where it ends. */
  print: (row: number, out: Uint8Array, at: number) => number;
}

/** Types whose binary values become columns that have a printer, or are text themselves. */
const printedTypes = new Set(
  'vector halfvec sparsevec bit varbit text varchar bpchar name citext enum json jsonb bool int2 int4 int8 uuid'.split(
    ' ',
  ),
);

/** Whether columns of this type can be printed, or are text: other ones PostgreSQL should print itself. */
export function isPrintable(typeName: string): boolean {
  return printedTypes.has(typeName);
}

/** All bytes that printers write. */
export const printedBytes: ReadonlySet<number> = new Set(Buffer.from('0123456789abcdefInityNt+-.,:/[]{}'));

/** The printer of a column that is no text: what isPrintable says of its type holds. */
export function printerOf(column: Column): Printer {
  switch (column.kind) {
    case 'vector':
    case 'halfvec': {
      const { dimensions, values } = column;
      const room = denseRoom(dimensions);
      return {
        room: () => room,
        print: (row, out, at) => printDense(values, row * dimensions, (row + 1) * dimensions, out, at),
      };
    }
    case 'ragged-vector': {
      const { offsets, values } = column;
      return {
        room: (row) => denseRoom(offsets[row + 1]! - offsets[row]!),
        print: (row, out, at) => printDense(values, offsets[row]!, offsets[row + 1]!, out, at),
      };
    }
    case 'sparsevec':
      return {
        room: (row) => sparseRoom(column, row),
        print: (row, out, at) => printSparse(column, row, out, at),
      };
    case 'bits':
      return bitsPrinter(column);
    case 'int16':
    case 'int32': {
      const { values } = column;
      return fixed(longestInteger, (row, out, at) => printInteger(values[row]!, out, at));
    }
    case 'int64':
      return int64Printer(column);
    case 'boolean': {
      const { values } = column;
      return fixed(1, (row, out, at) => {
        out[at] = values[row] === 0 ? LETTER_F : LETTER_T;
        return at + 1;
      });
    }
    case 'uuid':
      return uuidPrinter(column);
    default:
      throw new Error(`a column of kind ${column.kind} cannot be printed`);
  }
}

const [ZERO, HYPHEN, LETTER_F, LETTER_T] = [0x30, 0x2d, 0x66, 0x74];

function fixed(room: number, print: Printer['print']): Printer {
  return { room: () => room, print };
}

function int64Printer({ values }: Int64Column): Printer {
  // As two words: no BigInt a value.
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return fixed(longestInteger, (row, out, at) => printInt64(words[2 * row + 1]!, words[2 * row]!, out, at));
}

function bitsPrinter({ lengths, offsets, bytes }: BitsColumn): Printer {
  return {
    room: (row) => lengths[row]!,
    print: (row, out, at) => {
      const [first, count] = [offsets[row]!, lengths[row]!];
      for (let i = 0; i < count; i++) {
        out[at + i] = ZERO + ((bytes[first + (i >> 3)]! >> (7 - (i & 7))) & 1);
      }
      return at + count;
    },
  };
}

const hexDigits = Buffer.from('0123456789abcdef');

function uuidPrinter({ values }: UuidColumn): Printer {
  return fixed(36, (row, out, at) => {
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) out[at++] = HYPHEN;
      const byte = values[16 * row + i]!;
      out[at++] = hexDigits[byte >> 4]!;
      out[at++] = hexDigits[byte & 15]!;
    }
    return at;
  });
}
