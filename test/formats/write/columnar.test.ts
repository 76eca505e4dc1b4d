import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/batch.ts';
import { DataError } from '../../../src/errors.ts';
import { arrow } from '../../../src/formats/read/arrow/arrow.ts';
import type { ReadFormat } from '../../../src/formats/read/format.ts';
import { parquet } from '../../../src/formats/read/parquet/parquet.ts';
import { arrowFormat } from '../../../src/formats/write/arrow/arrow.ts';
import type { Compression, WriteFormat } from '../../../src/formats/write/format.ts';
import { parquetFormat } from '../../../src/formats/write/parquet/parquet.ts';
import type { ValueType } from '../../../src/values/types.ts';
import { columnOf, fileOf, wireOf, wireOfFile } from '../../support/columnar-files.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';
import { typedValues } from '../../support/typed-values.ts';
import { writeColumn } from '../../support/written.ts';

// What all formats of typed columns promise.

const kinds = Object.entries(typedValues);

describe.each<[string, Compression | undefined, WriteFormat, ReadFormat]>([
  ['parquet', undefined, parquetFormat, parquet],
  ['parquet', 'gzip', parquetFormat, parquet],
  ['arrow', undefined, arrowFormat, arrow],
  ['arrow', 'zstd', arrowFormat, arrow],
])('%s, compressed by %s', (_, compression, writer, reader) => {
  test.each(kinds)('%s: what is written is read, NULLs and all', async (name, { type, texts }) => {
    const column = writeColumn(writer, name, type);
    const rows = fc.array(fc.option(texts, { freq: 4 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 3 }), async (groups) => {
        const batches = groups.map((group) => ({ rows: group.length, columns: [columnOf(type, group)] }));
        const bytes = await fileOf(writer, [column], batches, compression);
        expect(await wireOfFile(reader, bytes, [column])).toEqual(wireOf(batches));
      }),
      { numRuns: 15 },
    );
  });
});

describe.each<[string, WriteFormat, ReadFormat]>([
  ['parquet', parquetFormat, parquet],
  ['arrow', arrowFormat, arrow],
])('%s', (_, writer, reader) => {
  test.each<[string, Batch['columns'][number], RegExp]>([
    ['date', { kind: 'date', values: Int32Array.of(2 ** 31 - 1), validity: undefined }, /^an infinite date/],
    ['date', { kind: 'date', values: Int32Array.of(-(2 ** 31)), validity: undefined }, /^an infinite date/],
    [
      'timestamp',
      { kind: 'timestamp', values: BigInt64Array.of(2n ** 63n - 1n), validity: undefined },
      /infinite timestamp/,
    ],
    [
      'timestamptz',
      { kind: 'timestamp', values: BigInt64Array.of(-(2n ** 63n)), validity: undefined },
      /infinite timestamp/,
    ],
    [
      'timestamp',
      { kind: 'timestamp', values: BigInt64Array.of(9_223_371_331_199_999_999n), validity: undefined },
      /294247/,
    ],
  ])('refuses a %s that it cannot hold, and names the column', async (type, column, message) => {
    const file = fileOf(writer, [writeColumn(writer, 'when', type)], [{ rows: 1, columns: [column] }]);
    await expect(file).rejects.toThrow(message);
    await expect(file).rejects.toMatchObject({ column: 'when', code: 'not-representable' });
    await expect(file).rejects.toBeInstanceOf(DataError);
  });

  test('tells a new table its types, where what it holds does not', async () => {
    const given: [string, ValueType, string][] = [
      ['vector', { name: 'vector', length: 2 }, 'vector(2)'],
      ['half', { name: 'halfvec', length: 2 }, 'halfvec(2)'],
      ['sparse', { name: 'sparsevec', length: 9 }, 'sparsevec(9)'],
      ['openSparse', { name: 'sparsevec' }, 'sparsevec'],
      ['bits', { name: 'bit', length: 4 }, 'bit(4)'],
      ['varbits', { name: 'varbit' }, 'varbit'],
      ['reals', { name: 'array', element: { oid: 700, type: { name: 'float4' } } }, 'real[]'],
      ['json', { name: 'json' }, 'json'],
      ['jsonb', { name: 'jsonb' }, 'jsonb'],
      ['number', { name: 'numeric' }, 'numeric'],
      ['span', { name: 'interval' }, 'interval'],
      ['mood', { name: 'enum' }, 'text'],
      ['own', { name: 'own_type' }, 'text'],
      ['small', { name: 'int2' }, 'smallint'],
      ['day', { name: 'date' }, 'date'],
      ['moment', { name: 'timestamp' }, 'timestamp'],
      ['instant', { name: 'timestamptz' }, 'timestamptz'],
    ];
    const columns = given.map(([name, type]) => writeColumn(writer, name, type));
    const nulls = columns.map(({ type, sent }) =>
      columnOf(sent === 'text' ? { name: 'text' } : type, [null]),
    );
    const bytes = await fileOf(writer, columns, [structuredClone({ rows: 1, columns: nulls })]);
    const { names, types } = await readRows(reader, bytesSource(bytes, 'types'));
    expect(names!.map((name, i) => [name, types![i]])).toEqual(given.map(([name, , sql]) => [name, sql]));
  });

  test('a file without rows has its columns', async () => {
    const everyColumn = kinds.map(([name, { type }]) => writeColumn(writer, name, type));
    const bytes = await fileOf(writer, everyColumn, []);
    const { names, rows } = await readRows(reader, bytesSource(bytes, 'empty'));
    expect(names).toEqual(kinds.map(([name]) => name));
    expect(rows).toEqual([]);
  });
});
