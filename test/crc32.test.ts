import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combinedCrc32, crc32, plainCrc32 } from '../src/crc32.ts';

test('the CRC-32 of gzip, with which Node comes or not', () => {
  // The check value of the catalogue of CRC algorithms, https://reveng.sourceforge.io/crc-catalogue/
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      const whole = plainCrc32(Buffer.concat([first, second]));
      expect(plainCrc32(second, plainCrc32(first))).toBe(whole);
      expect(crc32(second, crc32(first))).toBe(whole);
      expect(combinedCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
  );
});

test('of what is longer than numbers of 32 bits: x^(2^32 − 1) is 1 modulo the polynomial', () => {
  const [first, second] = [crc32(Buffer.from('one')), crc32(Buffer.from('two'))];
  const period = 2 ** 32 - 1;
  expect(combinedCrc32(first, second, 3 + 8 * period)).toBe(combinedCrc32(first, second, 3));
});
