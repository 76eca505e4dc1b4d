import { UsageError } from '../../errors.ts';
import { addParameter, type Parameters } from './keywords.ts';

/**
 * Reads `host=… dbname='a b'`: spaces around = allowed, values with spaces in single quotes, \' and \\ inside.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
 * @throws UsageError that names the keyword, never a value: it may be a password
 */
export function parseConninfo(text: string): Parameters {
  const place = 'the connection string';
  const parameters: Parameters = new Map();
  const pair = /\s*([^\s=]+)\s*(=?)\s*(?:'((?:[^'\\]|\\.)*)'|((?!')(?:[^\s\\]|\\.)*))(\s+|$)/sy;
  while (pair.lastIndex < text.trimEnd().length) {
    const match = pair.exec(text);
    if (match === null) {
      throw new UsageError(`${place} has an unterminated quoted value`, {
        hint: "write keyword=value pairs; a value with spaces stands in single quotes: dbname='my database'",
      });
    }
    const [, keyword = '', equals, quoted, bare] = match;
    if (equals === '') {
      throw new UsageError(`${place} has no = after "${keyword}"`, {
        hint: "write keyword=value pairs; a value with spaces stands in single quotes: dbname='my database'",
      });
    }
    addParameter(parameters, keyword, (quoted ?? bare ?? '').replace(/\\(.)/gs, '$1'), place);
  }
  return parameters;
}
