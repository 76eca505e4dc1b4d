import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { Session } from '../../src/database/database.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** A file that takes a while: several pieces for each lane. */
export interface Corpus {
  path: string;
  rows: number;
  bytes: number;
}

const dimensions = 256;

/** Rows of an id, a text and a vector that follows from the id, so that a row that is wrong is seen. */
export async function bigCsv(rows: number): Promise<Corpus> {
  const file = path.join(await temporaryDirectory(), 'big.csv');
  const stream = Writable.toWeb(createWriteStream(file)).getWriter();
  const tail = Array.from({ length: dimensions - 1 }, (_, i) => (Math.sin(i) * 0.37).toFixed(9)).join(',');
  let text = 'id,t,v\n';
  for (let id = 0; id < rows; id++) {
    text += `${id},row ${id},"[${id},${tail}]"\n`;
    if (text.length > 2 ** 20) {
      await stream.write(Buffer.from(text));
      text = '';
    }
  }
  await stream.write(Buffer.from(text));
  await stream.close();
  return { path: file, rows, bytes: (await stat(file)).size };
}

/** Of a table that the corpus was loaded into: gives the same row for the same rows, each counted. */
export function contentsQuery(table: string): string {
  return `SELECT count(*) AS rows, count(DISTINCT id) AS ids, min(id) AS first, max(id) AS last,
  count(*) FILTER (WHERE t = 'row ' || id AND (v::real[])[1] = id) AS right FROM ${table}`;
}

export async function contentsOf(session: Session, table: string): Promise<unknown> {
  return (await session.query(contentsQuery(table))).rows[0];
}

/** What contentsOf gives when the table equals the file. */
export function contentsOfWhole({ rows }: Corpus) {
  return { rows, ids: rows, first: 0, last: rows - 1, right: rows };
}
