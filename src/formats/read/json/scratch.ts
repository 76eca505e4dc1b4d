import { grown } from '../../../growing.ts';
import { BACKSLASH, BrokenJson } from './syntax.ts';

const LETTER_U = 0x75;
/** What stands behind the backslash → what it means. */
const meanings = new Uint8Array(256);
for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  meanings[letter!.charCodeAt(0)] = meaning!.charCodeAt(0);
}

/** Bytes that a value's text is put together in, where it is not the input's own. */
export class Scratch {
  bytes = new Uint8Array(1024);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** Makes room for so many bytes behind those that are there. */
  reserve(length: number): void {
    this.bytes = grown(this.bytes, this.length + length);
  }

  add(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** Adds bytes[start, end) as they are. */
  addAll(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length += end - start;
  }

  /**
   * Adds what the inside of a string, bytes[start, end), means, as UTF-8.
   * @throws BrokenJson for what PostgreSQL's text cannot hold: \u0000, half a surrogate pair
   */
  addUnescaped(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte !== BACKSLASH) this.add(byte);
      else if (bytes[++at] !== LETTER_U) this.add(meanings[bytes[at]!]!);
      else {
        let code = fourDigits(bytes, at + 1);
        at += 4;
        if (code >= 0xd800 && code <= 0xdfff) {
          code = surrogatePair(code, bytes, at + 1, end);
          at += 6;
        }
        this.addCodePoint(code);
      }
    }
  }

  private addCodePoint(code: number): void {
    if (code === 0) throw new BrokenJson('\\u0000 cannot be stored as text', '22021');
    if (code < 0x80) {
      this.add(code);
      return;
    }
    const following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    this.add((code >> (6 * following)) | [0, 0xc0, 0xe0, 0xf0][following]!);
    for (let i = following - 1; i >= 0; i--) this.add(((code >> (6 * i)) & 0x3f) | 0x80);
  }
}

/** The code point of the high surrogate `high` and the escape behind it, at `at`. */
function surrogatePair(high: number, bytes: Uint8Array, at: number, end: number): number {
  const low =
    at + 5 < end && bytes[at] === BACKSLASH && bytes[at + 1] === LETTER_U ? fourDigits(bytes, at + 2) : 0;
  if (high >= 0xdc00 || low < 0xdc00 || low > 0xdfff) {
    throw new BrokenJson(`\\u${high.toString(16)} is half a surrogate pair, and no character`, '22021');
  }
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

function fourDigits(bytes: Uint8Array, at: number): number {
  return Number.parseInt(Buffer.from(bytes.buffer, bytes.byteOffset + at, 4).toString('latin1'), 16);
}
