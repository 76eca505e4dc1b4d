/** A file in a zip archive that is being written. */
export interface ZipMember {
  name: string;
  /** Bytes of the file, which is stored as it is. */
  length: number;
  crc: number;
  /** Where its own header stands. */
  header: number;
  /** Its sum comes behind it, as it was not known before. */
  described: boolean;
}

/** What 32 bits cannot hold goes into a field of 64. */
const limit = 0xffffffff;
const versions = { plain: 20, zip64: 45 };
/** Bit 3: lengths and sum come behind the file. Bit 11: names are UTF-8. */
const flags = { described: 0x8, utf8: 0x800 };
/** 1 January 1980, at midnight: as np.savez has it, so that the same arrays make the same file. */
const date = 0x21;

/** What stands before a file (APPNOTE.TXT 6.3.10, 4.3.7): of a described one, without its lengths and sum. */
export function localHeader({ name, length, crc, described }: ZipMember): Buffer<ArrayBuffer> {
  const wide = isWide(length);
  const bytes = Buffer.from(name);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50);
  head.writeUInt16LE(wide ? versions.zip64 : versions.plain, 4);
  head.writeUInt16LE(flagsOf(described), 6);
  head.writeUInt16LE(date, 12);
  const known = described ? 0 : length;
  head.writeUInt32LE(described ? 0 : crc, 14);
  head.writeUInt32LE(wide ? limit : known, 18);
  head.writeUInt32LE(wide ? limit : known, 22);
  const extra = wide ? longNumbers([known, known]) : Buffer.alloc(0);
  head.writeUInt16LE(bytes.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, bytes, extra]);
}

/** What stands behind a described file (4.3.9). */
export function dataDescriptor({ length, crc }: ZipMember): Buffer<ArrayBuffer> {
  const wide = isWide(length);
  const record = Buffer.alloc(wide ? 24 : 16);
  record.writeUInt32LE(0x08074b50);
  record.writeUInt32LE(crc, 4);
  if (wide) {
    record.writeBigUInt64LE(BigInt(length), 8);
    record.writeBigUInt64LE(BigInt(length), 16);
  } else {
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
  }
  return record;
}

/** The list of all files, with which an archive ends (4.3.12 to 4.3.16). @param start where it begins */
export function directory(members: readonly ZipMember[], start: number): Buffer<ArrayBuffer> {
  const entries = Buffer.concat(members.map(directoryEntry));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  const count = Math.min(members.length, 0xffff);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Math.min(entries.length, limit), 12);
  end.writeUInt32LE(Math.min(start, limit), 16);
  const wide = start >= limit || entries.length >= limit || members.length >= 0xffff;
  return Buffer.concat(wide ? [entries, end64(members.length, entries.length, start), end] : [entries, end]);
}

function directoryEntry({ name, length, crc, header, described }: ZipMember): Buffer {
  const lengths = isWide(length) ? [length, length] : [];
  const long = header >= limit ? [...lengths, header] : lengths;
  const extra = long.length > 0 ? longNumbers(long) : Buffer.alloc(0);
  const bytes = Buffer.from(name);
  const entry = Buffer.alloc(46);
  const version = long.length > 0 ? versions.zip64 : versions.plain;
  entry.writeUInt32LE(0x02014b50);
  entry.writeUInt16LE(version, 4);
  entry.writeUInt16LE(version, 6);
  entry.writeUInt16LE(flagsOf(described), 8);
  entry.writeUInt16LE(date, 14);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(isWide(length) ? limit : length, 20);
  entry.writeUInt32LE(isWide(length) ? limit : length, 24);
  entry.writeUInt16LE(bytes.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(Math.min(header, limit), 42);
  return Buffer.concat([entry, bytes, extra]);
}

/** The end's own numbers in 64 bits, and where they stand. */
function end64(members: number, length: number, start: number): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(versions.zip64, 12);
  record.writeUInt16LE(versions.zip64, 14);
  record.writeBigUInt64LE(BigInt(members), 24);
  record.writeBigUInt64LE(BigInt(members), 32);
  record.writeBigUInt64LE(BigInt(length), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(start + length), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

/** An extra field of numbers in 64 bits (4.5.3). */
function longNumbers(numbers: readonly number[]): Buffer<ArrayBuffer> {
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(1);
  field.writeUInt16LE(8 * numbers.length, 2);
  for (const [i, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + 8 * i);
  return field;
}

function isWide(length: number): boolean {
  return length >= limit;
}

function flagsOf(described: boolean): number {
  return flags.utf8 | (described ? flags.described : 0);
}
