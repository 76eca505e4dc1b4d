import type { Location, Piece } from '../../batch.ts';
import type { Session } from '../../database/database.ts';
import type { PgvError } from '../../errors.ts';
import type { OpenedFile, RejectedRecord } from '../../formats/read/format.ts';
import { readFormat } from '../../formats/read/formats.ts';
import { stagedRow } from '../../sql/staging.ts';
import type { FileRead } from './copy-pieces.ts';
import type { LoadPlan } from './plan-loads.ts';
import type { Reject } from './reject-file.ts';
import type { Begun, Run } from './run.ts';
import { sessionFacts } from './session-facts.ts';
import type { Stored } from './stored-pieces.ts';

/** A row that the target has refused in the merge. */
export interface RefusedRow {
  /** Its number in the load, from 1. */
  row: number;
  error: PgvError;
}

/** Rows refused in a merge belong to no piece: the load's end decides on them. */
const noPiece = -1;

/**
 * The records that refused rows came from, as they stood: read once more out of their pieces; of a stream, which is
 * gone, what was staged of them, as JSON.
 * @param staging quoted and qualified
 */
export async function refusedRecords(
  session: Session,
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  read: readonly FileRead[],
  stored: Stored,
  refused: readonly RefusedRow[],
): Promise<Reject[]> {
  const rejects: Reject[] = [];
  let base = 0;
  for (const [index, { records }] of read.entries()) {
    const end = base + records;
    const inFile = refused.filter(({ row }) => row > base && row <= end).sort((a, b) => a.row - b.row);
    const rows = new Map(inFile.map(({ row, error }) => [row - base, error]));
    const input = plan.inputs[index]!;
    const { name } = run.inputs[input]!;
    const found =
      rows.size === 0
        ? new Map<number, RejectedRecord>()
        : plan.sources[index]!.fingerprint === undefined
          ? await stagedRecords(session, begun.target.copyInto, base, rows)
          : await recordsAgain(session, run, begun, { input, index, stored }, rows);
    for (const [row, { message, column, sqlstate }] of rows) {
      const { bytes, byteOffset } = found.get(row)!;
      const place = { file: name, row, byteOffset, byteLength: bytes.length, column, fileIndex: input };
      rejects.push({ ...place, reason: message, sqlstate, piece: noPiece, bytes });
    }
    base = end;
  }
  return rejects;
}

async function stagedRecords(
  session: Session,
  staging: string,
  base: number,
  rows: ReadonlyMap<number, PgvError>,
): Promise<Map<number, RejectedRecord>> {
  const records = new Map<number, RejectedRecord>();
  for (const row of rows.keys()) {
    const found = await session.query<{ record: string }>(stagedRow(staging, base + row));
    records.set(row, { bytes: Buffer.from(`${found.rows[0]!.record}\n`), byteOffset: undefined });
  }
  return records;
}

async function recordsAgain(
  session: Session,
  { inputs, options }: Run,
  { resumed, prepared }: Begun,
  { input, index, stored }: { input: number; index: number; stored: Stored },
  rows: ReadonlyMap<number, PgvError>,
): Promise<Map<number, RejectedRecord>> {
  const pieceLength = resumed?.pieceLength ?? options.pieceLength;
  const { file, close } = await inputs[input]!.open({ pieceLength });
  try {
    const records = new Map<number, RejectedRecord>();
    const others = piecesWithout(stored.ofFile(index), rows);
    const decode = await recordFinder(session, file, prepared.plan.decoded);
    for await (const piece of file.pieces(others)) decode(piece, rows, records);
    return records;
  } finally {
    await close();
  }
}

/** The stored pieces but those with these rows in them: what need not be read. */
function piecesWithout(
  stored: ReadonlyMap<number, Pick<Location, 'records' | 'byteLength'>>,
  rows: ReadonlyMap<number, PgvError>,
): Map<number, Pick<Location, 'records' | 'byteLength'>> {
  const others = new Map<number, Pick<Location, 'records' | 'byteLength'>>();
  let before = 0;
  for (const [sequence, piece] of [...stored].sort(([a], [b]) => a - b)) {
    const end = before + piece.records;
    if (![...rows.keys()].some((row) => row > before && row <= end)) others.set(sequence, piece);
    before = end;
  }
  return others;
}

async function recordFinder(
  session: Session,
  { layout }: OpenedFile,
  columns: Begun['prepared']['plan']['decoded'],
): Promise<(piece: Piece, rows: ReadonlyMap<number, PgvError>, found: Map<number, RejectedRecord>) => void> {
  const decoder = readFormat(layout.format)!.decoder(layout, columns, 'text', await sessionFacts(session));
  return (piece, rows, found) => {
    let count = 0;
    for (const batch of decoder.batches(piece, () => {})) count += batch.rows;
    for (let n = 0; n < count; n++) {
      const row = decoder.rowNumber(piece, n);
      if (rows.has(row)) found.set(row, decoder.record(piece, n));
    }
  };
}
