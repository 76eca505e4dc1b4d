import path from 'node:path';
import { UsageError } from '../errors.ts';

/** Whether an argument names its input by a URL: `https://…`, but also `s3://…`. */
export function isUrl(argument: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(argument);
}

/** @throws UsageError for what is no URL, and for schemes that pgv does not speak */
export function parseUrl(argument: string): URL {
  const url = URL.canParse(argument) ? new URL(argument) : undefined;
  const shown = withoutSecrets(argument);
  if (url === undefined) throw new UsageError(`${shown} is no URL`, { code: 'bad-url' });
  if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  throw new UsageError(`${shown}: pgv reads URLs of http and https`, {
    code: 'bad-url',
    hint: 'of a private object, take a presigned URL, for example from: aws s3 presign s3://bucket/key',
  });
}

/** A URL as messages may show it: a password, and a signature in its query, are nobody's business. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([^:/]*:\/\/)[^/]*@/, '$1');
}

/** The name of the file that a URL names, which tells a format: its last segment, empty where there is none. */
export function fileNameOf({ pathname }: URL): string {
  const segment = path.posix.basename(pathname);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
