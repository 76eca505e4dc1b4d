import type { Column } from '../../../batch.ts';
import { otherSize, refuseNulls } from './refusals.ts';

/** Digits and hyphens of a uuid's text. */
export const uuidCharacters = 36;

/**
 * Writes UTF-8 as UTF-32, little-endian, `length` characters a row: shorter ones are filled up with zeros.
 * @throws DataError for a NULL, or a longer text
 */
export function writeTexts(
  name: string,
  column: Column,
  rows: number,
  length: number,
  out: Uint8Array<ArrayBuffer>,
): void {
  if (column.kind !== 'utf8' && column.kind !== 'json') throw new TypeError(`text of kind ${column.kind}`);
  refuseNulls(name, column.validity, rows);
  const { offsets, bytes } = column;
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  out.fill(0);
  for (let row = 0; row < rows; row++) {
    const end = offsets[row + 1]!;
    const room = (row + 1) * length * 4;
    let at = row * length * 4;
    for (let from = offsets[row]!; from < end; at += 4) {
      const first = bytes[from]!;
      const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
      let code = more === 0 ? first : first & (0x3f >> more);
      for (let i = 1; i <= more; i++) code = (code << 6) | (bytes[from + i]! & 0x3f);
      from += more + 1;
      if (at === room)
        throw otherSize(name, 'characters', length, charactersOf(bytes.subarray(offsets[row]!, end)));
      view.setUint32(at, code, true);
    }
  }
}

function charactersOf(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : 1), 0);
}

const digits = Buffer.from('0123456789abcdef');
const hyphen = 0x2d;

/** Writes uuids as PostgreSQL prints them, in UTF-32 too. @throws DataError for a NULL */
export function writeUuids(name: string, column: Column, rows: number, out: Uint8Array<ArrayBuffer>): void {
  if (column.kind !== 'uuid') throw new TypeError(`uuids of kind ${column.kind}`);
  refuseNulls(name, column.validity, rows);
  const { values } = column;
  out.fill(0);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) {
        out[at] = hyphen;
        at += 4;
      }
      const byte = values[row * 16 + i]!;
      out[at] = digits[byte >> 4]!;
      out[at + 4] = digits[byte & 15]!;
      at += 8;
    }
  }
}
