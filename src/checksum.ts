import { createCipheriv } from 'node:crypto';

const key = Buffer.alloc(16);
const nonce = Buffer.alloc(12);
/** Bytes that OpenSSL takes at once. */
const longest = 2 ** 30;

/**
 * What tells whether a piece's bytes are the same again, as 32 hex digits: their GMAC (NIST SP 800-38D) by AES-128 with a
 * key and a nonce of zeros. Processors have instructions for it: nothing else in Node is as fast, CRC-32 half so, and it
 * has 128 bits. It guards against a file that changed by itself, not against one that was forged.
 */
export function checksum(bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  for (let from = 0; from < bytes.length; from += longest)
    cipher.setAAD(bytes.subarray(from, from + longest));
  cipher.final();
  return cipher.getAuthTag().toString('hex');
}
