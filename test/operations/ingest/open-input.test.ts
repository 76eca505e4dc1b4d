import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { OpenedFile } from '../../../src/formats/read/format.ts';
import { fingerprintOf, type InputOptions, openInput } from '../../../src/operations/ingest/open-input.ts';
import { silentReporter } from '../../../src/progress.ts';
import { resolveInputs } from '../../../src/sources/inputs.ts';
import { fileServer } from '../../support/file-server.ts';
import { temporaryFile } from '../../support/temporary.ts';
import { npyFile } from '../../support/vector-files.ts';

const { signal } = new AbortController();
const hdf5 = await readFile(new URL('../../../fixtures/hdf5/ann.h5', import.meta.url));

async function input(argument: string, stdin: Uint8Array = Buffer.alloc(0)) {
  const [named] = await resolveInputs([argument], { cwd: '/', stdin: Readable.from([stdin]) }, () => {});
  return named!;
}

/** Opens an input. @returns all that its pieces hold, and what was noted */
async function opened(argument: string, options: InputOptions = {}, stdin?: Uint8Array) {
  const notes: string[] = [];
  const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
  const { raw, source, file } = await openInput(await input(argument, stdin), options, reporter, signal);
  const bytes = await bytesOf(file);
  await source.close();
  return { raw, source, file, bytes, notes };
}

async function bytesOf(file: OpenedFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of file.pieces()) parts.push(piece.bytes.slice());
  return Buffer.concat(parts);
}

test('a format that seeks, from whatever cannot', async () => {
  const options = { format: 'hdf5' };
  const plain = await opened(await temporaryFile('a.h5', hdf5), options);
  const [ranged, streamed] = [
    await fileServer({ content: hdf5 }),
    await fileServer({ content: hdf5, ranges: false }),
  ];
  const others = [
    await opened(ranged.url, options),
    await opened(streamed.url, options),
    await opened('-', options, hdf5),
    await opened(await temporaryFile('a.h5.gz', gzipSync(hdf5)), options),
  ];
  expect(plain.bytes.length).toBe(40 * 6 * 4);
  expect(others.map(({ bytes }) => bytes.equals(plain.bytes))).toEqual([true, true, true, true]);
  expect([plain, ...others].map(({ notes }) => notes.length)).toEqual([0, 0, 2, 2, 2]);
});

test('a file of one format that is called as one of text is named', async () => {
  const parquet = await readFile(
    new URL('../../../fixtures/columnar/duckdb-snappy.parquet', import.meta.url),
  );
  for (const name of ['a.csv', 'a.jsonl', 'a.csv.gz']) {
    const content = name.endsWith('.gz') ? gzipSync(parquet) : parquet;
    await expect(opened(await temporaryFile(name, content))).rejects.toMatchObject({
      code: 'wrong-format',
      message: expect.stringMatching(/ is parquet by its first bytes, and not (csv|jsonl)$/),
      hint: 'say --format parquet',
    });
  }
  const { file } = await opened(await temporaryFile('b.csv', Buffer.from('PAR1,text\n1,a\n')));
  expect(file.fieldNames).toEqual(['PAR1', 'text']);
});

test('an array in Fortran order from stdin, which is found out while it is opened', async () => {
  const bytes = Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
  const content = npyFile({ kind: 'f4', fortran: true, rows: 2, dimensions: 3, bytes });
  const fromFile = await opened(await temporaryFile('a.npy', content));
  const fromStdin = await opened('-', {}, content);
  expect(fromStdin.bytes.equals(fromFile.bytes)).toBe(true);
  expect(fromStdin.notes).toEqual([
    expect.stringMatching(/^the format is not read from front to back: stdin goes into a temporary file in /),
    `the temporary file holds ${content.length} bytes`,
  ]);
  await expect(opened('-', {}, content.subarray(0, -1))).rejects.toMatchObject({ code: 'truncated' });
});

test('text of another encoding', async () => {
  const latin = await temporaryFile('a.csv.gz', gzipSync(Buffer.from('id,text\n1,Käse\n', 'latin1')));
  expect((await opened(latin, { encoding: 'windows-1252' })).bytes.toString()).toBe('1,Käse\n');
  const wide = Buffer.from('\ufeff{"text":"日本"}\n', 'utf16le');
  expect((await opened('-', { format: 'jsonl', encoding: 'utf-16be' }, wide)).bytes.toString()).toBe(
    '{"text":"日本"}\n',
  );
  for (const format of ['csv', 'tsv', 'jsonl', 'json']) {
    await expect(opened('-', { format }, wide)).rejects.toMatchObject({ hint: 'say --encoding utf-16le' });
    await expect(opened('-', { format }, wide.swap16())).rejects.toMatchObject({
      hint: 'say --encoding utf-16be',
    });
    wide.swap16();
  }
  expect((await opened('-', { encoding: 'utf8' }, Buffer.from('a\nä\n'))).bytes.toString()).toBe('ä\n');
});

test.each<[what: string, bytes: string, options: InputOptions, problem: object]>([
  [
    'an encoding that there is not',
    'a\n',
    { encoding: 'klingon' },
    { name: 'UsageError', code: 'unknown-encoding' },
  ],
  [
    'an encoding of what is no text',
    'a',
    { format: 'npy', encoding: 'latin1' },
    { name: 'UsageError', message: '--encoding says how text is written, and the format is npy' },
  ],
  [
    'a zip archive',
    'PK\x03\x04\x14\0\0\0',
    { format: 'csv' },
    {
      name: 'UsageError',
      message: 'stdin is a zip archive, which pgv does not unpack',
      hint: expect.stringContaining('unzip -p'),
    },
  ],
  ['an empty stdin', '', {}, { name: 'DataError', code: 'empty-file' }],
])('%s is refused', async (_, bytes, options, problem) => {
  await expect(opened('-', options, Buffer.from(bytes, 'latin1'))).rejects.toMatchObject(problem);
});

test('what tells no format', async () => {
  await expect(opened(await temporaryFile('data', 'x'))).rejects.toMatchObject({ code: 'unknown-format' });
});

test('the raw bytes are what is known again; a stream is not', async () => {
  const file = await temporaryFile('a.csv.gz', gzipSync('id\n1\n'));
  const named = await input(file);
  const { raw, source } = await opened(file);
  expect({ raw: raw.byteLength, source: source.byteLength }).toEqual({
    raw: gzipSync('id\n1\n').length,
    source: undefined,
  });
  expect(await fingerprintOf(named, silentReporter, signal)).toMatchObject({ byteLength: raw.byteLength });
  expect(await fingerprintOf(await input('-'), silentReporter, signal)).toBeUndefined();
});

test('the signal ends what waits for a pipe', async () => {
  const stdin = new Readable({ read: () => {} });
  const [named] = await resolveInputs(['-'], { cwd: '/', stdin }, () => {});
  const controller = new AbortController();
  const opening = openInput(named!, {}, silentReporter, controller.signal);
  setTimeout(() => controller.abort(), 20);
  await expect(opening).rejects.toThrow();
  expect(stdin.destroyed).toBe(true);
});

test.each([
  ['{"id": 1, "v": [1,2]}\n{"id": 2, "v": [1,3]}\n', 'jsonl'],
  ['\ufeff{"a \\" b":1}', 'jsonl'],
  ['\n [ {"id": 1},\n{"id": 2}]', 'json'],
  ['id,v\n1,"[1,2]"\n', 'csv'],
])('stdin that begins %j is %s', async (text, format) => {
  expect((await opened('-', {}, Buffer.from(text))).file.layout.format).toBe(format);
});

test.each(['{1:0.5}/3\n', '{"a b"}\n'])('stdin that begins %j is CSV without a header', async (text) => {
  await expect(opened('-', {}, Buffer.from(text))).rejects.toMatchObject({ code: 'no-header' });
});

test('whoever says how CSV is written means CSV', async () => {
  const { file } = await opened('-', { header: false, delimiter: ';' }, Buffer.from('{"a": 1};2\n'));
  expect(file).toMatchObject({ fieldCount: 2, layout: { format: 'csv' } });
});
