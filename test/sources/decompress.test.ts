import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openFile, type Source, streamSource } from '../../src/source.ts';
import { blocksOf } from '../../src/sources/chunks.ts';
import { decompressed, withoutCompression } from '../../src/sources/decompress.ts';
import { plainDecoder } from '../../src/sources/zstd.ts';
import { ZstdFrames } from '../../src/sources/zstd-frames.ts';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { temporaryFile } from '../support/temporary.ts';

const packages = fileURLToPath(new URL('../../fixtures/packages.csv', import.meta.url));
// 119 rows in two frames, the second without a checksum, and something to skip between them; by zstd 1.5.4.
const zstd = await readFile(new URL('../../fixtures/zstd/packages-119.csv.zst', import.meta.url));

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
const first119 = Buffer.from(content.toString().split('\n').slice(0, 120).join('\n').concat('\n'));

async function plainly(bytes: Buffer): Promise<Buffer> {
  const frames = new ZstdFrames(blocksOf(sourceOf(bytes)));
  const decode = await plainDecoder();
  const parts: Uint8Array[] = [];
  while (await frames.hasNext()) for await (const part of decode(frames.next())) parts.push(part);
  return Buffer.concat(parts);
}

/** RFC 8878: one segment, its size in four bytes, and one block that is not compressed. */
function rawFrame(bytes: Buffer): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 5);
  head.writeUIntLE(1 | (bytes.length << 3), 9, 3);
  return Buffer.concat([head, bytes]);
}

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

test('zstd of several frames, by the decoder at hand and by the one for a Node without', async () => {
  for (const decoded of [readAll(await decompressed(sourceOf(zstd))), plainly(zstd)]) {
    expect((await decoded).equals(first119)).toBe(true);
  }
});

test('zstd frames as a writer of small parts makes them, down to the empty one', async () => {
  for (const length of [0, 1, 2, 5, 17, 131_072]) {
    const bytes = Buffer.concat([
      rawFrame(content.subarray(0, length)),
      rawFrame(content.subarray(length, 2 * length)),
    ]);
    const expected = content.subarray(0, 2 * length);
    expect((await readAll(await decompressed(sourceOf(bytes)))).equals(expected)).toBe(true);
    expect((await plainly(bytes)).equals(expected)).toBe(true);
  }
});

test('zstd that is cut, or followed by something else, is bad data, not a short file', async () => {
  const cuts = Array.from({ length: 40 }, (_, i) => 8 + i * 900).filter((cut) => cut < zstd.length);
  for (const bytes of [
    ...cuts.map((cut) => zstd.subarray(0, cut)),
    Buffer.concat([zstd, Buffer.from('more')]),
  ]) {
    const reading = readAll(await decompressed(sourceOf(bytes)));
    await expect(reading).rejects.toMatchObject({ name: 'DataError', code: 'bad-compression', file: 'data' });
  }
});

test('damaged zstd does not pass its checksum', async () => {
  for (let at = 20; at < 18_000; at += 997) {
    const bytes = Buffer.from(zstd);
    bytes[at]! ^= 1;
    await expect(readAll(await decompressed(sourceOf(bytes)))).rejects.toBeInstanceOf(DataError);
    await expect(plainly(bytes)).rejects.toThrow();
  }
});

test.each([
  ['bzip2', 'BZh91AY&SY'],
  ['xz', '\xfd7zXZ\0'],
])('%s is named, and how to undo it', async (name, magic) => {
  const opening = decompressed(sourceOf(Buffer.from(magic, 'latin1')));
  await expect(opening).rejects.toBeInstanceOf(UsageError);
  await expect(opening).rejects.toMatchObject({
    message: `data is compressed with ${name}, which pgv does not read`,
    hint: expect.stringContaining(`${name} -dc <file> | pgv ingest - -t <table>`),
  });
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
