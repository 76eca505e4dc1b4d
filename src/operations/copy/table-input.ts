import { createHash } from 'node:crypto';
import type { StoredPieces } from '../../batch.ts';
import type { Database } from '../../database/database.ts';
import { defaultPieceLength } from '../../formats/read/piece-cutter.ts';
import { binaryFormat } from '../../formats/write/binary.ts';
import type { Part } from '../../formats/write/format.ts';
import type { Reporter } from '../../progress.ts';
import { copyQueryOut, selectRows } from '../../sql/export.ts';
import { ReadPool } from '../export/lane-pool.ts';
import type { Moment } from '../export/moment.ts';
import { type Range, rangeLength } from '../export/ranges.ts';
import { asUsage } from '../export/source.ts';
import type { Input, OpenInput } from '../ingest/input.ts';
import { tryingAgain } from '../lasting-connection.ts';
import { openToFetch } from './open-to-fetch.ts';
import { PieceGatherer } from './pieces.ts';
import type { ColumnsPlan } from './plan-columns.ts';
import type { CopyPlan } from './plan-copy.ts';

/** A table at one moment. */
export interface TableAtMoment {
  database: Database;
  /** As messages and the ledger name it. */
  name: string;
  ranges: readonly Range[];
  moment: Moment;
  /** Lanes that read, where those that write do not. */
  lanes: number;
  /** The flags that the user's own SQL came by. */
  flags: readonly string[];
  /** Milliseconds without a byte after which a lane's connection is doubted; undefined: the usual. */
  stallAfter: number | undefined;
}

/**
 * A table as the file of a load: its tuples as COPY sends them, for as long as the moment is held the same in the same
 * pieces whenever it is opened.
 * @param plan asked when it is opened: only then it is settled which table the rows go into
 */
export function tableInput(
  table: TableAtMoment,
  plan: () => Promise<CopyPlan>,
  reporter: Reporter,
  signal: AbortSignal,
): Input {
  const { name, moment, ranges } = table;
  const sample = createHash('sha256').update(name).digest('hex');
  return {
    name,
    describe: async () => ({
      name,
      // Its length as far as the ranges tell, so that lanes are there when the rows come.
      fingerprint: { byteLength: ranges.length * rangeLength, modified: moment.snapshot ?? '', sample },
    }),
    open: async ({ pieceLength = defaultPieceLength }) => {
      const planned = await plan();
      return isFetched(table, planned)
        ? openToFetch(table, planned)
        : openTable(table, planned, pieceLength, reporter, signal);
    },
  };
}

/** Whether the lanes that write also read: where the moment can be shared, and the rows are split and go as they come. */
function isFetched({ moment, ranges }: TableAtMoment, { road, byRanges }: CopyPlan): boolean {
  return moment.snapshot !== undefined && ranges.length > 1 && road === 'binary' && byRanges;
}

async function openTable(
  table: TableAtMoment,
  { road, columns }: ColumnsPlan,
  pieceLength: number,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<OpenInput> {
  const { database, name, moment, ranges, flags, stallAfter } = table;
  const pool = new ReadPool();
  const stop = () => pool.stop();
  signal.addEventListener('abort', stop, { once: true });
  const close = async () => {
    signal.removeEventListener('abort', stop);
    await pool.close();
  };
  const fields = columns.length;
  const plan = {
    columns: columns.map(({ column }) => ({
      name: column.name,
      type: { name: 'unknown' },
      sent: 'binary' as const,
      notNull: column.notNull,
      key: false,
    })),
    text: { header: false, null: '', delimiter: ',' },
    compression: undefined,
    measured: undefined,
  };
  const expressions = columns.map(({ expression }) => expression);
  const work = ranges.map((range, sequence) => ({
    sequence,
    copy: copyQueryOut(selectRows(expressions, range)),
    firstRow: 0,
    repeatable: range.repeatable,
  }));
  try {
    await pool.open(database, Math.min(table.lanes, work.length));
  } catch (error) {
    await close();
    throw error;
  }
  const format = binaryFormat.name;
  pool.begin(
    { moment, format, plan, compression: undefined, split: undefined, stallAfter },
    {
      onRows: () => {},
      onRetry: (message, pause) => reporter.warn(`${name}: ${tryingAgain(message, pause)}`),
    },
  );
  const gatherer = new PieceGatherer(pieceLength);
  return {
    file: {
      fieldNames: columns.map(({ column }) => column.name),
      fieldCount: fields,
      valuesBy: road,
      headLength: 0,
      sample: [],
      layout: { format: binaryFormat.name, file: name, fields },
      pieces: (stored?: StoredPieces) => gatherer.pieces(explained(pool.parts(work), flags), stored),
      recycle: (buffer) => gatherer.recycle(buffer),
    },
    byteLength: undefined,
    close,
  };
}

/** What the database does not understand of the user's own SQL is wrong usage. */
async function* explained(parts: AsyncIterable<Part>, flags: readonly string[]): AsyncGenerator<Part> {
  try {
    yield* parts;
  } catch (error) {
    throw asUsage(error, flags);
  }
}
