import { DataError, type ErrorDetails, UsageError } from '../../../errors.ts';
import type { PieceCutter } from '../piece-cutter.ts';
import { emptyFile, firstBytes } from '../vectors/records.ts';

/** PGCOPY\n\xff\r\n\0 */
export const signature: readonly number[] = [...Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')];

/** Signature, int32 flags, int32 length of the extension behind them. */
const fixedLength = signature.length + 8;
/** PostgreSQL has never written an extension; one of more bytes is damage. */
const longestExtension = 65_536;

/** Rows have their OIDs in front, as PostgreSQL before 12 wrote them WITH OIDS. */
const withOids = 1 << 16;

/**
 * Leaves out the header (manual: COPY, Binary Format).
 * @returns its bytes
 * @throws DataError for a file that is none, or cut short; UsageError for one with OIDs
 */
export async function skipHeader(cutter: PieceCutter, file: string): Promise<Uint8Array> {
  const fixed = await firstBytes(cutter, fixedLength);
  if (fixed.length === 0) throw emptyFile(file);
  if (signature.some((byte, i) => i < fixed.length && fixed[i] !== byte)) {
    throw refused('the file does not begin as binary COPY does', file, {
      code: 'not-binary',
      hint: 'was it written WITH (FORMAT binary)? What COPY writes WITH CSV is read with --format csv',
    });
  }
  if (fixed.length < fixedLength) throw cutInHeader(file);
  const view = new DataView(fixed.buffer, fixed.byteOffset);
  checkFlags(view.getUint32(signature.length), file);
  const extension = view.getInt32(signature.length + 4);
  if (extension < 0 || extension > longestExtension) {
    throw refused(`the header's extension would have ${extension} bytes`, file, { code: 'not-binary' });
  }
  const length = fixedLength + extension;
  const head = (await firstBytes(cutter, length)).slice(0, length);
  if (head.length < length) throw cutInHeader(file);
  await cutter.skip(length);
  return head;
}

/** Of the flags' bits, the upper 16 change how the file is read; a reader refuses those that it does not know. */
function checkFlags(flags: number, file: string): void {
  if ((flags & withOids) !== 0) {
    throw new UsageError(`${file} was written WITH OIDS, which PostgreSQL has not had since version 12`, {
      code: 'with-oids',
      file,
      hint: 'write it again without them',
    });
  }
  const unknown = flags >>> 17;
  if (unknown !== 0) {
    throw refused(`the header has flags that are not known (0x${flags.toString(16)})`, file, {
      code: 'not-binary',
    });
  }
}

function cutInHeader(file: string): DataError {
  return refused('the file ends within its header', file, { code: 'truncated' });
}

function refused(message: string, file: string, details: ErrorDetails): DataError {
  return new DataError(message, { sqlstate: '22P04', ...details, file });
}
