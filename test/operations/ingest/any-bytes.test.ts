import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { DataError, UsageError } from '../../../src/errors.ts';
import type { ReadFormat } from '../../../src/formats/read/format.ts';
import { readFormats } from '../../../src/formats/read/formats.ts';
import { cases } from '../../support/cases.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { load } from '../../support/load.ts';
import { noServer } from '../../support/servers.ts';

// Any bytes at all end in a load or in an error that says what is wrong with them; what is then in the table is what
// the summary says.

const pieces = ['1', '2', '[1,2]', '"', '""', ',', '\n', '\r\n', '\\N', 'é', '\0', '{"a":1}', '{', ']', 'x'];
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))),
);

/** Formats that read from front to back; the others have tests of their own for damaged files. */
const formats = readFormats.filter(({ seeks }) => !seeks);

describe.skipIf(noServer !== null)('any bytes', () => {
  let database: Database;

  beforeAll(async () => {
    database = await (await emptyDatabase('server')).open();
    await database.query('CREATE EXTENSION vector');
  });

  async function check(format: ReadFormat, content: Uint8Array, onError: 'stop' | 'skip'): Promise<void> {
    // The magic of a format, so that more than its first bytes is looked at.
    const magic = format.magic ?? [];
    const whole = Buffer.concat([Buffer.from(magic), content]);
    const options = { table: 'any', format, pieceLength: 64, onError, vacuum: 'never' } as const;
    try {
      const { rows } = await load(database, whole, { ...options, jobs: 1, ledger: false });
      const found = await database.query<{ n: number }>('SELECT count(*) AS n FROM "any"');
      expect(found.rows[0]!.n).toBe(rows);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof UsageError)) throw error;
    } finally {
      await database.query('DROP TABLE IF EXISTS "any"');
    }
  }

  test.each(formats.map((format) => [format.name, format] as const))('%s', async (_, format) => {
    const property = fc.asyncProperty(
      bytes,
      fc.constantFrom('stop' as const, 'skip' as const),
      (content, onError) => check(format, content, onError),
    );
    await fc.assert(property, cases(8));
  });
});
