import { beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../src/batch.ts';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../src/copy/binary.ts';
import { encodeText } from '../../src/copy/text.ts';
import type { Database } from '../../src/database/database.ts';
import { describeTable } from '../../src/operations/tables.ts';
import { valueType } from '../../src/operations/value-type.ts';
import { TAKEN, type TextReader, UNSURE } from '../../src/text-reader.ts';
import { utf8Reader } from '../../src/values/bytes-reader.ts';
import { int32Reader } from '../../src/values/integers.ts';
import { textReader } from '../../src/values/types.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { csvText } from '../support/load.ts';
import { arrays, customTypes, scalars, unknown, type ValueCase, vectors } from '../support/value-cases.ts';

// What a reader takes, and both ways of sending it, against PostgreSQL's own reading of the same texts.

const options = { utc: true, canonical: false };

function verdict(reader: TextReader, text: string) {
  // Inside other bytes, as a field lies in its file.
  const bytes = Buffer.from(`9${text}9`);
  return reader.read(bytes, 1, bytes.length - 1);
}

/** The texts, with a NULL behind each, as a batch of (number, value). */
function batchOf(reader: TextReader, texts: readonly string[]): Batch {
  const keys = int32Reader();
  texts.forEach((text, i) => {
    verdict(keys, String(2 * i));
    expect([text, verdict(reader, text)]).toEqual([text, TAKEN]);
    verdict(keys, String(2 * i + 1));
    reader.readNull();
  });
  return { rows: 2 * texts.length, columns: [keys.take(), reader.take()] };
}

/** The number as text too: COPY's text format knows nothing else. */
function textBatchOf(texts: readonly string[]): Batch {
  const keys = utf8Reader();
  for (let i = 0; i < 2 * texts.length; i++) verdict(keys, String(i));
  return { rows: 2 * texts.length, columns: [keys.take(), batchOf(utf8Reader(), texts).columns[1]!] };
}

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const statement of customTypes) await database.query(statement);
    await database.query("SET timezone TO 'UTC'");
  });

  async function readerOf(type: string): Promise<TextReader | undefined> {
    for (const table of ['ours', 'ours_by_text', 'theirs']) {
      await database.query(`DROP TABLE IF EXISTS ${table}`);
      await database.query(`CREATE TABLE ${table} (k int, v ${type})`);
    }
    return textReader(valueType((await describeTable(database, 'ours'))!.columns[1]!), options);
  }

  test.each([...scalars, ...vectors, ...arrays])('$type', async ({ type, ours, theirs = [] }: ValueCase) => {
    const reader = (await readerOf(type))!;
    for (const text of theirs) expect([text, verdict(reader, text)]).toEqual([text, UNSURE]);
    reader.take();
    // Twice, as the arrays of a reader are used again.
    for (const texts of [ours.toReversed(), ours]) {
      const tuples = encodeBinary(batchOf(reader, texts));
      await database.query('TRUNCATE ours');
      const copied = await database.copyIn('COPY ours FROM STDIN (FORMAT binary)', [
        binaryHeader.slice(),
        tuples,
        binaryTrailer.slice(),
      ]);
      expect(copied).toBe(2 * texts.length);
    }
    await database.copyIn('COPY ours_by_text FROM STDIN', [encodeText(textBatchOf(ours))]);
    const records = ours.flatMap((text, i) => [
      [String(2 * i), text],
      [String(2 * i + 1), null],
    ]);
    await database.copyIn('COPY theirs FROM STDIN (FORMAT csv)', [Buffer.from(csvText(records))]);
    await expectSameRows(database, 'ours', 'theirs');
    await expectSameRows(database, 'ours_by_text', 'theirs');
  });

  test.each(unknown)('$type has no reader', async ({ type }) => {
    expect(await readerOf(type)).toBeUndefined();
  });
});

describe('integers that must print as they were written', () => {
  const reader = textReader({ name: 'int8' }, { utc: true, canonical: true })!;
  test.each(['0', '-1', '10', '9223372036854775807', '-9223372036854775808'])('%s is one', (text) => {
    expect(verdict(reader, text)).toBe(TAKEN);
  });
  test.each([
    '',
    '-',
    '-0',
    '+1',
    '007',
    '00',
    '-07',
    '9223372036854775808',
    '0000000000000000007',
    '1.0',
    ' 1',
  ])('%s is none', (text) => {
    expect(verdict(reader, text)).toBe(UNSURE);
  });
});

test('a timestamp without a zone, in a session whose zone is not UTC', () => {
  const reader = textReader({ name: 'timestamptz' }, { utc: false, canonical: false })!;
  expect(verdict(reader, '2024-02-29 12:30:15')).toBe(UNSURE);
  expect(verdict(reader, '2024-02-29')).toBe(UNSURE);
  expect(verdict(reader, '2024-02-29 12:30:15Z')).toBe(TAKEN);
});
