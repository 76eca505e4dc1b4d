import { binaryHeader, binaryTrailer } from '../../copy/binary.ts';
import { rowOffsets } from '../../copy/split.ts';
import type { Database } from '../../database/database.ts';
import { copyContext } from '../../database/sqlstate.ts';
import { InterruptedError, PgvError } from '../../errors.ts';
import type { Road } from '../../formats/read/format.ts';

interface Rows {
  road: Road;
  /** The body of a COPY without header and trailer. */
  encoded: readonly Uint8Array[];
  /** Told of each row, by its place in the body, that the server does not take. */
  refuse: (row: number, error: PgvError) => void;
  isStopped: () => boolean;
}

/**
 * Stores the rows that the server takes, within the transaction that is open, and leaves out those that it refuses:
 * the row that it names, or, where it names none, the one that halving finds.
 * @returns rows stored
 */
export async function storeAround(
  database: Database,
  sql: string,
  { road, encoded, refuse, isStopped }: Rows,
): Promise<number> {
  const body = Buffer.concat(encoded);
  const offsets = rowOffsets(body, road);
  // What is checked at the end of the transaction could not be told from its rows any more.
  await database.query('SET CONSTRAINTS ALL IMMEDIATE');
  let stored = 0;
  const waiting: [from: number, to: number][] = [[0, offsets.length - 1]];
  for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
    if (isStopped()) throw new InterruptedError();
    const [from, to] = run;
    if (from === to) continue;
    const error = await tryRun(database, sql, body.subarray(offsets[from], offsets[to]), road);
    if (error === undefined) {
      stored += to - from;
      continue;
    }
    const line = copyContext(error)?.line;
    const named = line === undefined ? to : from + line - 1;
    if (named < to || to - from === 1) {
      const bad = named < to ? named : from;
      refuse(bad, error);
      waiting.push([bad + 1, to], [from, bad]);
    } else {
      const middle = (from + to) >> 1;
      waiting.push([middle, to], [from, middle]);
    }
  }
  return stored;
}

/** @returns why the server refuses a row of them; undefined: they are stored */
async function tryRun(
  database: Database,
  sql: string,
  rows: Uint8Array,
  road: Road,
): Promise<PgvError | undefined> {
  const chunks = road === 'binary' ? [binaryHeader, rows, binaryTrailer] : [rows];
  await database.query('SAVEPOINT pgv_rows');
  try {
    // Copies, as a chunk belongs to the database from here on.
    await database.copyIn(
      sql,
      chunks.map((chunk) => new Uint8Array(chunk)),
    );
    await database.query('RELEASE SAVEPOINT pgv_rows');
    return undefined;
  } catch (error) {
    if (!isAboutRow(error)) throw error;
    await database.query('ROLLBACK TO SAVEPOINT pgv_rows');
    return error;
  }
}

/**
 * Whether the server has refused a row: for a value or a constraint (22…, 23…, 44…), or by a trigger (P0…, or a code of
 * its own). An error that names a file is the decoder's, not the server's.
 */
export function isAboutRow(error: unknown): error is PgvError {
  if (!(error instanceof PgvError) || error.file !== undefined || error.sqlstate === undefined) return false;
  return !/^(?:0|2[1457-9BDF]|3|40|42|5|F0|HV|XX)/.test(error.sqlstate);
}
