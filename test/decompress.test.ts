import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { decompressed, withoutCompression } from '../src/decompress.ts';
import { DataError, UsageError } from '../src/errors.ts';
import { openFile, type Source, streamSource } from '../src/source.ts';
import { pgv } from './support/cli.ts';
import { emptyDatabase } from './support/databases.ts';
import { temporaryFile } from './support/temporary.ts';

const packages = fileURLToPath(new URL('../fixtures/packages.csv', import.meta.url));
const zstd = zlib as { zstdCompressSync?: (data: Uint8Array) => Buffer };

const sourceOf = (bytes: Uint8Array, chunk = 1000): Source => {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  return streamSource(Readable.from(chunks, { objectMode: false }), 'data');
};

async function readAll(source: Source): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(7777);
    const length = await source.read(part);
    parts.push(part.subarray(0, length));
    if (length < part.length) break;
  }
  await source.close();
  return Buffer.concat(parts);
}

const content = await readFile(packages);

test('what is not compressed passes as it is, however short', async () => {
  for (const bytes of [content, Buffer.from('a'), Buffer.from('abcd'), Buffer.alloc(0)]) {
    expect((await readAll(await decompressed(sourceOf(bytes)))).equals(bytes)).toBe(true);
  }
});

test('gzip, also of several members', async () => {
  const half = content.length >> 1;
  const members = [content.subarray(0, half), content.subarray(half)].map((part) => zlib.gzipSync(part));
  for (const bytes of [zlib.gzipSync(content), Buffer.concat(members)]) {
    const source = await decompressed(sourceOf(bytes));
    expect(source.byteLength).toBeUndefined();
    expect((await readAll(source)).equals(content)).toBe(true);
  }
});

test('damaged or cut gzip is bad data, not a short file', async () => {
  const whole = zlib.gzipSync(content);
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1]! ^= 0xff;
  for (const bytes of [whole.subarray(0, -20), flipped]) {
    const reading = readAll(await decompressed(sourceOf(bytes)));
    await expect(reading).rejects.toBeInstanceOf(DataError);
    await expect(reading).rejects.toMatchObject({ code: 'bad-compression', file: 'data' });
  }
});

test('zstd is read where Node reads it, and else said to need a later one', async () => {
  if (zstd.zstdCompressSync === undefined) {
    const opening = decompressed(sourceOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0])));
    await expect(opening).rejects.toBeInstanceOf(UsageError);
    await expect(opening).rejects.toThrow(/compressed with zstd, which this Node does not read/);
  } else {
    const source = await decompressed(sourceOf(zstd.zstdCompressSync(content)));
    expect((await readAll(source)).equals(content)).toBe(true);
  }
});

test('the ending of a compression is no part of the name', () => {
  expect(['a.csv.gz', 'a.CSV.ZST', 'a.csv', 'gz'].map(withoutCompression)).toEqual([
    'a.csv',
    'a.CSV',
    'a.csv',
    'gz',
  ]);
});

test('a file that cannot be read to its end, through the program', async () => {
  const { url } = await emptyDatabase('embedded');
  const good = await temporaryFile('packages.csv.gz', zlib.gzipSync(content));
  const loaded = await pgv(['ingest', good, '-d', url, '--json', '-q']);
  expect(JSON.parse(loaded.stdout)).toMatchObject({ table: 'packages', rows: 1000, bytes: content.length });

  const bad = await temporaryFile('cut.csv.gz', zlib.gzipSync(content).subarray(0, -500));
  const refused = await pgv(['ingest', bad, '-d', url]);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/cut\.csv\.gz: the gzip data is damaged or cut short/);
  await writeFile(good, zlib.gzipSync(''));
  expect((await pgv(['ingest', good, '-d', url])).stderr).toMatch(/the file is empty/);
});

test('a file of its own is read by its bytes, not by its name', async () => {
  const path = await temporaryFile('plain.csv', zlib.gzipSync(content));
  expect((await readAll(await decompressed(await openFile(path, 'plain.csv')))).equals(content)).toBe(true);
});
