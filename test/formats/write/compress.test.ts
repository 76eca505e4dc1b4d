import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareZstd, readZstd } from '../../../src/formats/read/columnar/zstd.ts';
import { compressor } from '../../../src/formats/write/compress.ts';

const anyBytes = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 4 });

test('gzip members, one behind the other, are one file', async () => {
  const compress = await compressor('gzip');
  fc.assert(
    fc.property(anyBytes, (parts) => {
      expect(gunzipSync(Buffer.concat(parts.map(compress)))).toEqual(Buffer.concat(parts));
    }),
    { numRuns: 50 },
  );
});

test('zstd frames hold what they were made from', async () => {
  // More than one may be asked for, also at once.
  const [, compress] = await Promise.all([compressor('zstd'), compressor('zstd')]);
  await prepareZstd();
  fc.assert(
    fc.property(anyBytes, (parts) => {
      for (const part of parts) {
        expect(Buffer.from(readZstd(compress(part), part.length))).toEqual(Buffer.from(part));
      }
    }),
    { numRuns: 50 },
  );
});

test('what they give is not written over by the next', async () => {
  for (const kind of ['gzip', 'zstd'] as const) {
    const compress = await compressor(kind);
    const first = compress(new Uint8Array(1000).fill(1));
    const before = first.slice();
    compress(new Uint8Array(100_000).map((_, i) => i * i));
    expect(first).toEqual(before);
  }
});
