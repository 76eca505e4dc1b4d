import { DataError } from '../../errors.ts';

/**
 * Excel's "Unicode text" is UTF-16.
 * @throws DataError for a file that says so with its byte order mark
 */
export function refuseUtf16(head: Uint8Array, file: string): void {
  const [first, second] = head;
  if (!((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))) return;
  throw new DataError('the file is UTF-16, not UTF-8', {
    code: 'bad-encoding',
    file,
    sqlstate: '22021',
    hint: `say --encoding utf-16${first === 0xff ? 'le' : 'be'}`,
  });
}
