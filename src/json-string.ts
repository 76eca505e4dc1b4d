const [QUOTE, BACKSLASH, ZERO, LETTER_U] = [0x22, 0x5c, 0x30, 0x75];
const hexadecimal = Buffer.from('0123456789abcdef');

/** By byte: what stands behind the backslash, 0 where the byte stands for itself. */
const escapes = new Uint8Array(256).fill(LETTER_U, 0, 0x20);
for (const [meaning, letter] of ['""', '\\\\', '\bb', '\ff', '\nn', '\rr', '\tt']) {
  escapes[meaning!.charCodeAt(0)] = letter!.charCodeAt(0);
}

/** Bytes of the longest escape, `\u001f`. */
export const longestEscape = 6;

/** Bytes that source[start, end) takes as a JSON string, the quotes included. */
export function jsonStringLength(source: Uint8Array, start: number, end: number): number {
  let length = end - start + 2;
  for (let i = start; i < end; i++) {
    const letter = escapes[source[i]!]!;
    if (letter !== 0) length += letter === LETTER_U ? longestEscape - 1 : 1;
  }
  return length;
}

/** Prints the UTF-8 text source[start, end) as a JSON string (RFC 8259); returns where it ends. */
export function printJsonString(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  out[at++] = QUOTE;
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    const letter = escapes[byte]!;
    if (letter === 0) {
      out[at++] = byte;
      continue;
    }
    out[at++] = BACKSLASH;
    out[at++] = letter;
    if (letter !== LETTER_U) continue;
    out[at++] = ZERO;
    out[at++] = ZERO;
    out[at++] = hexadecimal[byte >> 4]!;
    out[at++] = hexadecimal[byte & 15]!;
  }
  out[at] = QUOTE;
  return at + 1;
}
