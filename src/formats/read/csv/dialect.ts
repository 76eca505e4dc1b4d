import { UsageError } from '../../../errors.ts';
import type { OpenOptions } from '../format.ts';

/** How a CSV file is written, in bytes. The rules beyond that are those of PostgreSQL's COPY … CSV. */
export interface Dialect {
  delimiter: number;
  quote: number;
  /** What makes a quote inside quotes a plain character; as a rule the quote itself. */
  escape: number;
  /** An unquoted field of exactly these bytes is NULL. */
  nullText: Uint8Array;
  /** What ends a record: line feed (a carriage return before it is dropped), or carriage return alone. */
  newline: typeof LINE_FEED | typeof CARRIAGE_RETURN;
}

export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;

/** @throws UsageError for anything but single ASCII characters that differ */
export function csvDialect(options: OpenOptions): Omit<Dialect, 'newline'> {
  const quote = oneByte(options.quote ?? '"', '--quote');
  const dialect = {
    delimiter: oneByte(options.delimiter ?? ',', '--delimiter'),
    quote,
    escape: options.escape === undefined ? quote : oneByte(options.escape, '--escape'),
    nullText: new TextEncoder().encode(options.null ?? ''),
  };
  if (dialect.delimiter === dialect.quote) {
    throw new UsageError('--delimiter and --quote are the same character');
  }
  return dialect;
}

function oneByte(text: string, flag: string): number {
  const character = text === '\\t' ? '\t' : text;
  const byte = character.charCodeAt(0);
  if (character.length !== 1 || byte > 0x7f || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === 0) {
    throw new UsageError(`${flag} takes one ASCII character, not ${JSON.stringify(text)}`, {
      hint: `for a tab, ${flag} '\\t'`,
    });
  }
  return byte;
}

/** Whether the file's first line ends in a lone carriage return, as old Macintosh files' lines do. */
export function newlineOf(bytes: Uint8Array, dialect: Omit<Dialect, 'newline'>): Dialect['newline'] {
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === dialect.quote) quoted = !quoted;
    else if (byte === LINE_FEED && !quoted) return LINE_FEED;
    else if (byte === CARRIAGE_RETURN && !quoted) {
      return bytes[i + 1] === LINE_FEED || i + 1 === bytes.length ? LINE_FEED : CARRIAGE_RETURN;
    }
  }
  return LINE_FEED;
}
