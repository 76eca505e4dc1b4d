import { TextDecoder } from 'node:util';
import { DataError, UsageError } from '../errors.ts';
import { beginning, chunkSource, type Source } from '../source.ts';
import { blocksOf } from './chunks.ts';

/**
 * A text of another encoding as UTF-8: byte offsets are those of the decoded text from here on.
 * @param encoding as the WHATWG names them (https://encoding.spec.whatwg.org/#names-and-labels): `latin1` is
 *   windows-1252 there; of UTF-16 a byte order mark says which of the two it is, whatever the name
 * @throws UsageError for an encoding that is not known; when read, DataError with the offset of a byte that is none
 */
export async function decodedText(source: Source, encoding: string): Promise<Source> {
  const { bytes, whole } = await beginning(source, 2);
  const chunks = decode(blocksOf(whole), actualEncoding(encoding, bytes), source.name);
  return chunkSource(chunks, source.name, () => source.close());
}

/**
 * The standard name of an encoding.
 * @throws UsageError where there is none of this name
 */
export function encodingName(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new UsageError(`--encoding: ${JSON.stringify(label)} is no encoding that is known`, {
      code: 'unknown-encoding',
      hint: 'for example windows-1252, latin1, utf-16le, shift_jis, gb18030, euc-kr',
    });
  }
}

function actualEncoding(label: string, [first, second]: Uint8Array): string {
  const encoding = encodingName(label);
  if (!encoding.startsWith('utf-16')) return encoding;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : encoding;
}

async function* decode(
  blocks: AsyncIterable<Uint8Array>,
  encoding: string,
  file: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let offset = 0;
  let pending: Uint8Array = new Uint8Array(0);
  for await (const block of blocks) {
    const bytes = pending.length === 0 ? block : Buffer.concat([pending, block]);
    const whole = bytes.subarray(0, wholeCharacters(bytes, encoding));
    yield Buffer.from(decodePart(decoder, whole, { encoding, offset, file }));
    offset += whole.length;
    pending = bytes.slice(whole.length);
  }
  const last = decodePart(decoder, pending, { encoding, offset, file });
  yield Buffer.from(
    last + decodePart(decoder, undefined, { encoding, offset: offset + pending.length, file }),
  );
}

/** How far back the end of a character is looked for. */
const longestSearch = 2 ** 16;

/**
 * How many bytes end with a character for certain, so that where a part fails, the failing byte is in that part. In
 * UTF-16 that is what the last unit says; in the others, bytes below `0` are never a part of a longer character, and
 * every text has spaces, commas or line ends.
 */
function wholeCharacters(bytes: Uint8Array, encoding: string): number {
  if (encoding.startsWith('utf-16')) {
    const even = bytes.length & ~1;
    const high = encoding === 'utf-16le' ? bytes[even - 1] : bytes[even - 2];
    return high !== undefined && (high & 0xfc) === 0xd8 ? even - 2 : even;
  }
  const least = Math.max(0, bytes.length - longestSearch);
  let end = bytes.length;
  while (end > least && bytes[end - 1]! >= 0x30) end--;
  return end > least ? end : bytes.length;
}

/** @param bytes undefined: the end of the text */
function decodePart(
  decoder: TextDecoder,
  bytes: Uint8Array | undefined,
  { encoding, offset, file }: { encoding: string; offset: number; file: string },
): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (error) {
    const message =
      bytes === undefined
        ? `the file ends within a character of ${encoding}`
        : `the byte at offset ${offset + firstBad(bytes, encoding)} is no ${encoding}`;
    throw new DataError(message, {
      code: 'bad-encoding',
      file,
      sqlstate: '22021',
      hint: '--encoding says how the file is written; is it another?',
      cause: error,
    });
  }
}

/** By halves: where a text that cannot be decoded first cannot. */
function firstBad(bytes: Uint8Array, encoding: string): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return bad - 1;
}
