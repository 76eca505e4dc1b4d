import { expect, test } from 'vitest';
import { checksum } from '../src/checksum.ts';

test('the GMAC of bytes', () => {
  // Test case 1 of the GCM specification by McGrew and Viega; the other from a GHASH by the book, in Python.
  expect(checksum(new Uint8Array(0))).toBe('58e2fccefa7e3061367f1d57a4e7455a');
  expect(checksum(Buffer.from('123456789'))).toBe('107c4146b4c6a58d2afe8a7299f060e2');
});

test('any bit, and any byte more, makes another', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const seen = new Set([
    checksum(bytes),
    checksum(bytes.subarray(1)),
    checksum(Buffer.concat([bytes, Buffer.of(0)])),
  ]);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    seen.add(checksum(bytes));
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  expect(seen.size).toBe(3 + 8 * bytes.length);
});
