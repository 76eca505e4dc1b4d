import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { DatabaseError, DataError, type PgvError, UsageError } from '../errors.ts';
import { PassingError } from './passing-error.ts';

/** What an answer says of the file: by this a later answer is known to be of the same one. */
export interface FileFacts {
  /** Bytes; undefined where the server does not say. */
  byteLength: number | undefined;
  etag: string | undefined;
  lastModified: string | undefined;
}

/** Compressions that are known by their first bytes and undone later, and names that mean none. */
const harmlessEncodings = new Set(['', 'identity', 'gzip', 'x-gzip', 'zstd', 'aws-chunked']);

/**
 * What a good answer says of the file.
 * @throws UsageError, DatabaseError where the file is not to be had; PassingError where it may be, later
 */
export function factsOf(response: IncomingMessage, name: string): FileFacts {
  const { statusCode = 0, headers } = response;
  if (statusCode !== 200 && statusCode !== 206) throw refusal(response, name);
  const encoding = (headers['content-encoding'] ?? '').toLowerCase();
  if (!harmlessEncodings.has(encoding)) {
    throw new DatabaseError(`${name}: the server sends it encoded with ${encoding}, though asked not to`, {
      code: 'read-failed',
      file: name,
      hint: 'download it with curl --compressed, and ingest that',
    });
  }
  const length = statusCode === 206 ? rangeOf(response)?.total : wholeNumber(headers['content-length']);
  return { byteLength: length, etag: headers.etag, lastModified: headers['last-modified'] };
}

/** RFC 9110, section 14.4: `bytes 0-99/1234`; the total may be `*`. */
export function rangeOf({
  headers,
}: IncomingMessage): { start: number; total: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (match === null) return undefined;
  return { start: Number(match[1]), total: wholeNumber(match[2]) };
}

const wholeNumber = (text = ''): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** @throws DataError where a later answer is of another file, or of another version of it */
export function checkSame(first: FileFacts, now: FileFacts, name: string): void {
  const differs = (key: keyof FileFacts) =>
    first[key] !== undefined && now[key] !== undefined && first[key] !== now[key];
  // Servers that share the work agree on an ETag, and less often on the second of a file's time.
  const tagged = first.etag !== undefined && now.etag !== undefined;
  if (differs('byteLength') || differs(tagged ? 'etag' : 'lastModified')) throw changed(name);
}

export function changed(name: string): DataError {
  return new DataError('the file changed on the server while it was read', {
    code: 'file-changed',
    file: name,
    hint: 'run the same command again, once it is written no more',
  });
}

function refusal(response: IncomingMessage, name: string): PgvError | PassingError {
  const { statusCode = 0, headers } = response;
  const status = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim();
  const details = { file: name };
  if (statusCode === 404 || statusCode === 410) {
    return new UsageError(`${name}: no such file (the server answers ${status})`, {
      ...details,
      code: 'file-not-found',
    });
  }
  if (statusCode === 401 || statusCode === 403) {
    return new UsageError(`${name} may not be read: the server answers ${status}`, {
      ...details,
      code: 'file-not-readable',
      hint: 'a presigned URL expires, and stands in quotes, for it holds &; else give user and password: https://user:password@host/…',
    });
  }
  if (statusCode === 408 || statusCode === 425 || statusCode === 429 || statusCode >= 500) {
    const retryAfter = wholeNumber(headers['retry-after']) ?? 0;
    return new PassingError(`the server answers ${status}`, { retryAfter });
  }
  return new UsageError(`${name} cannot be read: the server answers ${status}`, {
    ...details,
    code: 'read-failed',
  });
}
