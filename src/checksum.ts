import { createCipheriv } from 'node:crypto';

const key = Buffer.alloc(16);
const nonce = Buffer.alloc(12);
/** Bytes that OpenSSL takes at once. */
const longest = 2 ** 30;

/**
 * What tells whether a piece's bytes are the same again, as 32 hex digits: their GMAC (NIST SP 800-38D) by AES-128 with a
 * key and a nonce of zeros. It has 128 bits, and takes three fifths of the time of CRC-32, as processors have instructions for
 * it; Poly1305, quicker still on some, is not there where FIPS rules. It guards against a file that changed by itself, not
 * against one that was forged.
 */
export function checksum(bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  for (let from = 0; from < bytes.length; from += longest)
    cipher.setAAD(bytes.subarray(from, from + longest));
  cipher.final();
  return cipher.getAuthTag().toString('hex');
}
