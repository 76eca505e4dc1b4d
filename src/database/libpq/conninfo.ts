import { UsageError } from '../../errors.ts';
import { addParameter, type Parameters } from './keywords.ts';

/**
 * Reads `host=… dbname='a b'`: spaces around = allowed, values with spaces in single quotes, \' and \\ inside.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
 * @throws UsageError that names the keyword, never a value: it may be a password
 */
export function parseConninfo(text: string): Parameters {
  const place = 'the connection string';
  const hint = "write keyword=value pairs; a value with spaces stands in single quotes: dbname='my database'";
  const keyword = /\s*([^\s=]*)\s*(=?)\s*/y;
  const value = /(?:'((?:[^'\\]|\\.)*)'|((?!')(?:[^\s\\]|\\.)*))(?:\s+|$)/sy;
  const parameters: Parameters = new Map();
  const end = text.trimEnd().length;
  while (keyword.lastIndex < end) {
    const [, name, equals] = keyword.exec(text)!;
    // The word itself is not shown: it may be the rest of a password with a space in it.
    if (!name || !equals) throw new UsageError(`${place} has a word without keyword and =`, { hint });
    value.lastIndex = keyword.lastIndex;
    const match = value.exec(text);
    if (match === null) throw new UsageError(`${place} has an unterminated quoted value`, { hint });
    addParameter(parameters, name, (match[1] ?? match[2] ?? '').replace(/\\(.)/gs, '$1'), place);
    keyword.lastIndex = value.lastIndex;
  }
  return parameters;
}
