import { DataError, UsageError } from '../../errors.ts';
import type { OpenInput } from './input.ts';

/** What the user knows of the input: it guards against a producer that died. */
export interface Expectations {
  expectRows?: number | undefined;
  /** Of the input's bytes as they come, in hex. */
  expectSha256?: string | undefined;
}

/** @throws UsageError where nothing could be held against what is expected */
export function checkExpectations({ expectRows, expectSha256 }: Expectations, inputs: number): void {
  if (inputs > 1 && (expectRows !== undefined || expectSha256 !== undefined)) {
    throw new UsageError('--expect-rows and --expect-sha256 are about one input, and there are several');
  }
  if (expectSha256 !== undefined && !/^[0-9a-f]{64}$/i.test(expectSha256)) {
    throw new UsageError('--expect-sha256 takes 64 hex digits', {
      hint: 'as sha256sum prints them, of the file as it is: compressed, if it is',
    });
  }
}

/**
 * Held against an input once all of it is read, before its last piece is stored: a piece that was cut short is not, so
 * that a stream that comes whole the next time goes on.
 * @param records of the input; empty lines count among them
 * @throws DataError where the input is not what was expected
 */
export async function checkWhole(
  { expectRows, expectSha256 }: Expectations,
  { file, sha256 }: OpenInput,
  records: number,
): Promise<void> {
  if (expectRows !== undefined && records < expectRows) {
    throw unexpectedRows(file.layout.file, records, expectRows);
  }
  const sum = expectSha256 === undefined ? undefined : await sha256?.();
  if (sum !== undefined && sum !== expectSha256!.toLowerCase()) {
    throw new DataError(`${file.layout.file} has the SHA-256 ${sum}, not the one of --expect-sha256`, {
      code: 'unexpected-sha256',
      file: file.layout.file,
      hint: 'the load is not finished: was the file written, or copied, to its end?',
    });
  }
}

export function unexpectedRows(file: string, rows: number, expected: number): DataError {
  return new DataError(
    `${file} has ${rows.toLocaleString('en')} row${rows === 1 ? '' : 's'}, --expect-rows says ${expected.toLocaleString('en')}`,
    { code: 'unexpected-rows', file, hint: 'the load is not finished: was the file written to its end?' },
  );
}
