import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseTableName, quoteLiteral, quoteName, quoteQualified } from '../../src/sql/identifiers.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

test('names are quoted, whatever they hold', () => {
  expect(quoteName('docs')).toBe('"docs"');
  expect(quoteName('say "hi"; DROP')).toBe('"say ""hi""; DROP"');
  expect(quoteQualified('my.schema', 'Docs')).toBe('"my.schema"."Docs"');
  expect(quoteQualified(undefined, 'Docs')).toBe('"Docs"');
});

describe('a table name', () => {
  test.each([
    ['docs', undefined, 'docs'],
    ['Docs', undefined, 'Docs'],
    ['app.docs', 'app', 'docs'],
    ['"my.schema"."a ""b"""', 'my.schema', 'a "b"'],
    ['app."a.b"', 'app', 'a.b'],
    ['größe', undefined, 'größe'],
    ['my docs', undefined, 'my docs'],
  ])('%s', (text, schema, name) => {
    expect(parseTableName(text)).toEqual({ schema, name });
  });

  test.each([
    ['', /empty part/],
    ['.docs', /empty part/],
    ['app.', /empty part/],
    ['a.b.c', /more than a schema/],
    ['"open', /double quote/],
    ['a"b', /double quote/],
    ['"a"b', /double quote/],
    [`${'ä'.repeat(32)}`, /longer than 63 bytes/],
    ['a\0b', /NUL/],
  ])('%j is refused', (text, message) => {
    expect(() => parseTableName(text)).toThrow(UsageError);
    expect(() => parseTableName(text)).toThrow(message);
  });
});

test.skipIf(noServer)(
  'a literal is read back as it was, whatever standard_conforming_strings is',
  async () => {
    const database = await (await emptyDatabase('server')).open();
    for (const setting of ['on', 'off']) {
      await database.query(`SET standard_conforming_strings = ${setting}; SET escape_string_warning = off`);
      for (const text of ['', "it's", 'C:\\new', "\\'; DROP TABLE x; --", '\\\\', "'\\''", 'ü\n\t']) {
        const { rows } = await database.query<{ text: string }>(`SELECT ${quoteLiteral(text)}::text AS text`);
        expect(rows[0]!.text).toBe(text);
      }
    }
  },
);
