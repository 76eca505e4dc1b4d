import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutRows } from '../src/batch-rows.ts';
import { textReader, type ValueType } from '../src/values/types.ts';
import { rowsOf } from './support/bad-records.ts';

// Every kind of column, by a type that is read into it, with values of several lengths where it has them.
const columns: [ValueType, string[]][] = [
  [{ name: 'vector', length: 2 }, ['[1,2]', '[3,4]', '[5,6]']],
  [{ name: 'halfvec', length: 2 }, ['[1,2]', '[3,4]', '[5,6]']],
  [{ name: 'vector' }, ['[1]', '[2,3]', '[4,5,6]']],
  [{ name: 'sparsevec' }, ['{1:1}/4', '{2:2,3:4}/5', '{}/3']],
  [{ name: 'varbit' }, ['1', '10101010101', '']],
  [{ name: 'text' }, ['', 'a', 'bcd']],
  [{ name: 'jsonb' }, ['{}', '[1,2]', 'null']],
  [{ name: 'numeric' }, ['1', '-2.5', '123456789.123']],
  [{ name: 'int2' }, ['1', '2', '3']],
  [{ name: 'int4' }, ['1', '2', '3']],
  [{ name: 'float4' }, ['1.5', '2.5', '3.5']],
  [{ name: 'float8' }, ['1.5', '2.5', '3.5']],
  [{ name: 'date' }, ['2000-01-01', '2001-01-01', '2002-01-01']],
  [{ name: 'int8' }, ['1', '2', '3']],
  [{ name: 'timestamp' }, ['2000-01-01 00:00:00', '2001-01-01 00:00:00', '2002-01-01 00:00:00']],
  [{ name: 'time' }, ['00:00:00', '01:00:00', '02:00:00']],
  [{ name: 'bool' }, ['true', 'false', 'true']],
  [{ name: 'uuid' }, ['1', '2', '3'].map((digit) => digit.padStart(32, '0'))],
  [{ name: 'array', element: { oid: 25, type: { name: 'text' } } }, ['{}', '{a,NULL}', '{b,c,d}']],
];

test.each(columns)('$name: the rows that are kept stay as they are', (type, texts) => {
  const reader = textReader(type, { utc: true, canonical: false })!;
  const value = fc.option(fc.constantFrom(...texts), { freq: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.boolean()), { maxLength: 40 }), (rows) => {
      for (const [text] of rows) {
        if (text === null) reader.readNull();
        else expect(reader.read(Buffer.from(text), 0, text.length)).toBe(0);
      }
      const batch = { rows: rows.length, columns: [reader.take()] };
      const dropped = rows.flatMap(([, drop], i) => (drop ? [i] : []));
      const left = withoutRows(batch, dropped);
      expect(left.columns[0]!.kind).toBe(batch.columns[0]!.kind);
      expect(rowsOf(left)).toEqual(rowsOf(batch).filter((_, i) => !dropped.includes(i)));
    }),
  );
});
