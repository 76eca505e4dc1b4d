import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum, crc32, plainCrc32 } from '../src/checksum.ts';

test('the CRC-32 of gzip, with which Node comes or not', () => {
  // The check value of the catalogue of CRC algorithms, https://reveng.sourceforge.io/crc-catalogue/
  expect(checksum(Buffer.from('123456789'))).toBe('cbf43926');
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      const whole = plainCrc32(Buffer.concat([first, second]));
      expect(plainCrc32(second, plainCrc32(first))).toBe(whole);
      expect(crc32(second, crc32(first))).toBe(whole);
    }),
  );
});
