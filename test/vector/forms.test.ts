import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RaggedVectorColumn, SparseVectorColumn } from '../../src/batch.ts';
import { BAD, TAKEN, type TextReader } from '../../src/text-reader.ts';
import { formReader } from '../../src/vector/form-reader.ts';
import { type VectorForm, writtenVector } from '../../src/vector/forms.ts';
import { numberText } from '../../src/vector/vector-text.ts';

const float = fc
  .float({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => value === 0 || (Math.abs(value) > 2 ** -59 && Math.abs(value) < 2 ** 19));
const gap = fc
  .array(fc.constantFrom(' ', '\t', '\n', '  '), { minLength: 1, maxLength: 2 })
  .map((all) => all.join(''));

/** The vector, as each form writes it. */
const writers: Record<VectorForm, (values: number[], space: string) => string> = {
  list: (values, space) => `[${values.map(numberText).join(`,${space}`)}]`,
  array: (values, space) => `{${values.map(numberText).join(`,${space}`)}}`,
  spaces: (values, space) => values.map(numberText).join(space),
  commas: (values, space) => values.map(numberText).join(`,${space}`),
  base64: (values) => Buffer.from(Float32Array.from(values).buffer).toString('base64'),
  sparse: (values) =>
    `{${values.flatMap((value, i) => (value === 0 ? [] : [`${i + 1}:${value}`])).join(',')}}/${values.length}`,
};
const forms = Object.keys(writers) as VectorForm[];

function read(reader: TextReader, text: string) {
  const bytes = Buffer.from(`x${text}y`);
  return reader.read(bytes, 1, bytes.length - 1);
}

function values(reader: TextReader): number[] {
  const column = reader.take() as RaggedVectorColumn | SparseVectorColumn;
  if (column.kind === 'ragged-vector') return [...(column.values as Float32Array)];
  const dense = new Array<number>(column.dimensions[0]!).fill(0);
  column.indices.forEach((index, i) => {
    dense[index] = column.values[i]!;
  });
  return dense;
}

describe.each(forms)('%s', (form) => {
  const reader = formReader(form);

  test('what is written so is seen to be, and read bit for bit', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 2, maxLength: 20 }), gap, (vector, space) => {
        const text = writers[form](vector, space);
        expect(writtenVector(text)).toMatchObject({ form, dimensions: vector.length });
        expect(read(reader, text)).toBe(TAKEN);
        // A sparse vector holds no zeros, so none with a sign.
        expect(values(reader)).toEqual(form === 'sparse' ? vector.map((value) => value || 0) : vector);
      }),
    );
  });

  test('what is written otherwise is bad, and nothing is left of it', () => {
    for (const other of forms.filter((each) => each !== form)) {
      expect(read(reader, writers[other]([0.5, 2, 3, 4], ' '))).toBe(BAD);
      expect(reader.problem).toMatchObject({ sqlstate: '22P02', hint: expect.stringContaining('written') });
    }
    for (const junk of [
      '',
      ' ',
      'x',
      '[',
      '{',
      '}',
      '[]',
      '{}',
      '1,',
      '0.5 x',
      'AAA=',
      'AAAAA',
      '{1:2}',
      'nan x',
    ]) {
      expect([junk, read(reader, junk)]).toEqual([junk, BAD]);
    }
    expect((reader.take() as RaggedVectorColumn).values).toHaveLength(0);
  });

  test('any bytes are a vector or bad', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.,-+eE []{}:/=\tAzQ') }), (text) => {
        const verdict = read(reader, text);
        expect([TAKEN, BAD]).toContain(verdict);
        reader.take();
      }),
      { numRuns: 2000 },
    );
  });
});

test('an element that cannot be is named', () => {
  const problem = (form: VectorForm, text: string) => {
    const reader = formReader(form);
    expect(read(reader, text)).toBe(BAD);
    return reader.problem!.message;
  };
  expect(problem('spaces', '1 nan 3')).toMatch(/^element 2 is NaN/);
  expect(problem('array', '{1,2,1e50}')).toMatch(/^element 3 is out of range/);
  expect(problem('commas', '1,inf')).toMatch(/^element 2 is infinite/);
  const floats = Buffer.from(Float32Array.of(1, Number.NaN).buffer).toString('base64');
  expect(problem('base64', floats)).toMatch(/^element 2 is NaN/);
  expect(problem('base64', Buffer.alloc(4 * 16_001).toString('base64'))).toMatch(
    /more than 16000 dimensions/,
  );
  expect(problem('spaces', '1 two 3')).toBe('not a vector: "1 two 3"');
});

test("numpy's line ends and base64's other alphabet are read; half a float, or spare bits, are not", () => {
  const spaces = formReader('spaces');
  expect(read(spaces, '[ 0.5  1.\n  -2. ]')).toBe(TAKEN);
  expect(values(spaces)).toEqual([0.5, 1, -2]);
  const base64 = formReader('base64');
  const bytes = Buffer.from(Float32Array.of(-1.5, 3e38, -2.5e-9).buffer);
  for (const text of [bytes.toString('base64'), bytes.toString('base64url')]) {
    expect(read(base64, text)).toBe(TAKEN);
    expect(values(base64)).toEqual([-1.5, Math.fround(3e38), Math.fround(-2.5e-9)]);
  }
  expect(read(base64, bytes.toString('base64').slice(0, -4))).toBe(BAD);
  expect(read(base64, 'AACAPx==')).toBe(BAD);
  expect(read(base64, 'AACAPw=')).toBe(BAD);
  expect(read(base64, 'AACAPw')).toBe(TAKEN);
});

test.each([
  ['52.5,13.4', false],
  ['030 123 4567', false],
  ['255,0,0', false],
  ['0.1 0.2 0.3', true],
  ['1e-3,2,3', true],
  ['{5}', false],
  ['{1,2}', true],
  ['[5]', true],
  ['{1:0.5}/3', true],
  ['AACAPwAAAEA=', false],
  [Buffer.from(Float32Array.from({ length: 8 }, (_, i) => i / 8).buffer).toString('base64'), true],
])('%s can be nothing but a vector: %s', (text, sure) => {
  expect(writtenVector(text)?.sure).toBe(sure);
});

test.each([
  'deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  'The quick brown fox',
  'hello',
  '12345678',
  '007',
  '',
  '10.0.0.1',
  '2024-02-29 12:30:15',
  '{"a":1}',
  '{a,b}',
  '[[1]]',
])('%s is no vector', (text) => {
  expect(writtenVector(text)).toBeUndefined();
});
