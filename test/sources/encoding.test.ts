import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Source, streamSource } from '../../src/source.ts';
import { decodedText } from '../../src/sources/encoding.ts';

async function decoded(bytes: Uint8Array, encoding: string): Promise<string> {
  const source = await decodedText(sourceOf(bytes), encoding);
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(100_003);
    const length = await source.read(part);
    parts.push(part.subarray(0, length));
    if (length < part.length) return Buffer.concat(parts).toString();
  }
}

const sourceOf = (bytes: Uint8Array): Source =>
  streamSource(Readable.from([bytes], { objectMode: false }), 'text.csv');

/** Longer than several blocks, so that characters lie across where they end. */
const long = (line: string) => line.repeat(Math.ceil(600_000 / line.length));

describe('decodes', () => {
  test.each<[encoding: string, bytes: Uint8Array, text: string]>([
    ['windows-1252', Buffer.from([0x80, 0xe4, 0x2c]), '€ä,'],
    ['latin1', Buffer.from('äöü,', 'latin1'), 'äöü,'],
    ['shift_jis', Buffer.from([0x83, 0x5c, 0x2c, 0x93, 0xfa]), 'ソ,日'],
    ['gb18030', Buffer.from([0xc4, 0xe3, 0x81, 0x30, 0x81, 0x30]), '你\u0080'],
    ['iso-2022-jp', Buffer.from('\x1b$BF|K\\\x1b(B,', 'latin1'), '日本,'],
    ['utf-16le', Buffer.from('ä😀,', 'utf16le'), 'ä😀,'],
    ['utf-16be', Buffer.from('ä😀,', 'utf16le').swap16(), 'ä😀,'],
    ['utf-16', Buffer.from('\ufeffä', 'utf16le').swap16(), 'ä'],
    ['utf-16be', Buffer.from('\ufeffä', 'utf16le'), 'ä'],
    ['utf-16le', Buffer.alloc(0), ''],
  ])('%s', async (encoding, bytes, text) => {
    expect(await decoded(bytes, encoding)).toBe(text);
  });

  test('characters across blocks', async () => {
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      const text = shift + long('ä😀\n');
      expect((await decoded(Buffer.from(text, 'utf16le'), 'utf-16le')) === text).toBe(true);
    }
    const japanese = Buffer.concat(Array(200_001).fill(Buffer.from([0x83, 0x5c, 0x93, 0xfa, 0x41])));
    expect((await decoded(japanese, 'shift_jis')) === 'ソ日A'.repeat(200_001)).toBe(true);
  });

  test('whatever there is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        expect(await decoded(Buffer.from(`x${text}`, 'utf16le'), 'utf-16le')).toBe(`x${text}`);
      }),
    );
  });
});

describe('refuses', () => {
  test.each<[string, Uint8Array, string, string]>([
    [
      'a byte that is none',
      Buffer.concat([Buffer.from(long('a,\n')), Buffer.from([0x81, 0x20])]),
      'shift_jis',
      'the byte at offset 600001 is no shift_jis',
    ],
    ['half a pair', Buffer.from('a\ud83d,', 'utf16le'), 'utf-16le', 'the byte at offset 5 is no utf-16le'],
    [
      'a text that is cut',
      Buffer.from([0x61, 0, 0x62]),
      'utf-16le',
      'the file ends within a character of utf-16le',
    ],
    [
      'a character that is cut',
      Buffer.from([0x2c, 0x83]),
      'shift_jis',
      'the file ends within a character of shift_jis',
    ],
  ])('%s', async (_, bytes, encoding, message) => {
    await expect(decoded(bytes, encoding)).rejects.toMatchObject({
      name: 'DataError',
      code: 'bad-encoding',
      file: 'text.csv',
      message,
    });
  });

  test('an encoding that there is not', async () => {
    await expect(decoded(Buffer.from('a'), 'utf-99')).rejects.toMatchObject({
      name: 'UsageError',
      message: '--encoding: "utf-99" is no encoding that is known',
    });
  });
});
