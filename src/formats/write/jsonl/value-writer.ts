import type { BytesColumn, Column } from '../../../batch.ts';
import { jsonStringLength, longestEscape, printJsonString } from '../../../json-string.ts';
import { type Printer, printerOf } from '../../../values/printers.ts';
import type { WriteColumn } from '../format.ts';
import type { TextOutput } from '../text-output.ts';

/** Writes the value of a row, which is not NULL; two bytes more have room behind it. */
export type WriteValue = (row: number) => void;

const [QUOTE, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x22, 0x0a, 0x0d, 0x20];
const words = [Buffer.from('false'), Buffer.from('true')] as const;

/** What else has room behind a value. */
const slack = 2;

/** How the values of this column are written, `written` being the column as the format has asked for it. */
export function valueWriter(column: Column, { type, sent }: WriteColumn, out: TextOutput): WriteValue {
  switch (column.kind) {
    case 'json':
      return documentWriter(column, out);
    case 'utf8':
      return sent === 'json' || (sent === 'binary' && type.name === 'json')
        ? documentWriter(column, out)
        : stringWriter(column, out);
    case 'boolean':
      return (row) => {
        const word = words[column.values[row] as 0 | 1];
        out.room(word.length + slack);
        out.addAll(word, 0, word.length);
      };
    case 'sparsevec':
    case 'bits':
    case 'uuid':
      return quotedWriter(printerOf(column), out);
    default:
      return printedWriter(printerOf(column), out);
  }
}

/** A document as it is, but on one line: outside its strings, line ends are white space, and inside there are none. */
function documentWriter({ bytes: source, offsets }: BytesColumn, out: TextOutput): WriteValue {
  return (row) => {
    const [start, end] = [offsets[row]!, offsets[row + 1]!];
    out.room(end - start + slack);
    const { bytes, at } = out;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      bytes[at + i - start] = byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte;
    }
    out.at += end - start;
  };
}

function stringWriter({ bytes, offsets }: BytesColumn, out: TextOutput): WriteValue {
  return (row) => {
    const [start, end] = [offsets[row]!, offsets[row + 1]!];
    // Counted only where there may be too little: most texts have few escapes.
    if (!out.hasRoom((end - start) * longestEscape + 2 + slack)) {
      out.room(jsonStringLength(bytes, start, end) + slack);
    }
    out.at = printJsonString(bytes, start, end, out.bytes, out.at);
  };
}

function printedWriter(printer: Printer, out: TextOutput): WriteValue {
  return (row) => {
    out.room(printer.room(row) + slack);
    out.at = printer.print(row, out.bytes, out.at);
  };
}

function quotedWriter(printer: Printer, out: TextOutput): WriteValue {
  return (row) => {
    out.room(printer.room(row) + 2 + slack);
    out.add(QUOTE);
    out.at = printer.print(row, out.bytes, out.at);
    out.add(QUOTE);
  };
}
