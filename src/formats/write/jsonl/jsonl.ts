import { isValid } from '../../../batch.ts';
import { UsageError } from '../../../errors.ts';
import { isPrintable } from '../../../values/printers.ts';
import type { ValueType } from '../../../values/types.ts';
import type { Encoder, Sent, Take, WriteColumn, WriteFormat } from '../format.ts';
import { TextOutput } from '../text-output.ts';
import { valueWriter } from './value-writer.ts';

/**
 * JSON lines: one object a row, in UTF-8, named by the columns. https://jsonlines.org
 * Vectors are lists of numbers, sparse ones and bits are strings as pgvector and PostgreSQL print them, integers are
 * numbers whatever their size, jsonb is what it is; NULL is null.
 */
export const jsonlFormat: WriteFormat = {
  name: 'jsonl',
  endings: ['jsonl', 'ndjson'],
  binary: false,
  textOptions: [],
  compression: 'around',
  sent,
  check: refuseSameNames,
  encoder: ({ columns }, take) => encoder(columns, take),
  files: () => [
    {
      ending: undefined,
      streams: [0],
      assembler: () => ({ head: () => new Uint8Array(0), add: () => {}, end: () => [] }),
    },
  ],
};

/** What to_json makes of these types is no mere string: a number, a list, a date as ISO 8601 has it. */
const jsonTypes = new Set('float4 float8 numeric date time timestamp timestamptz array'.split(' '));

/** Other types go as a string of what they print: to_json makes objects of composite values, which no column takes. */
function sent({ name }: ValueType): Sent {
  if (isPrintable(name)) return 'binary';
  return jsonTypes.has(name) ? 'json' : 'text';
}

/** @throws UsageError for a name that two columns have */
function refuseSameNames(columns: readonly WriteColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new UsageError(`two columns are called ${twice}`, {
    column: twice,
    hint: 'an object has a name once: call one of them otherwise (AS)',
  });
}

const [COMMA, OPEN, CLOSE, LINE_FEED] = [0x2c, 0x7b, 0x7d, 0x0a];
const nullWord = Buffer.from('null');

function encoder(columns: readonly WriteColumn[], take: Take): Encoder {
  const out = new TextOutput(take);
  const keys = columns.map(({ name }) => Buffer.from(`${JSON.stringify(name)}:`));
  return {
    takes: 'batches',
    encode: (batch) => {
      out.begin();
      const values = batch.columns.map((column, i) => valueWriter(column, columns[i]!, out));
      for (let row = 0; row < batch.rows; row++) {
        out.room(3);
        out.add(OPEN);
        for (let i = 0; i < values.length; i++) {
          const key = keys[i]!;
          out.room(1 + key.length + nullWord.length + 2);
          if (i > 0) out.add(COMMA);
          out.addAll(key, 0, key.length);
          if (isValid(batch.columns[i]!.validity, row)) values[i]!(row);
          else out.addAll(nullWord, 0, nullWord.length);
        }
        out.add(CLOSE);
        out.add(LINE_FEED);
      }
      return out.finish(batch.rows);
    },
  };
}
