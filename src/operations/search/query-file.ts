import { type Column, isValid, type Piece } from '../../batch.ts';
import type { Database } from '../../database/database.ts';
import { DataError, UsageError } from '../../errors.ts';
import { NeedsText, type OpenedFile } from '../../formats/read/format.ts';
import { readFormat } from '../../formats/read/formats.ts';
import { printerOf } from '../../values/printers.ts';
import type { SessionFacts } from '../../values/types.ts';
import { writtenVector } from '../../vector/forms.ts';
import { tableDecoder } from '../ingest/compose/table-decoder.ts';
import { type ColumnPlan, planColumns } from '../ingest/mapping/plan-columns.ts';
import type { MappedColumn } from '../ingest/mapping.ts';
import { sessionFacts } from '../ingest/session-facts.ts';
import type { VectorColumn } from '../tables.ts';

/**
 * The vectors of a file as text, one after the other, in chunks. Written in any form that ingest reads, they become what
 * it would store.
 * @throws UsageError where no field is sure to hold them; DataError with file and row where one cannot be searched with
 */
export async function* queryVectors(
  file: OpenedFile,
  database: Database,
  column: VectorColumn,
  chunk: number,
): AsyncGenerator<string[]> {
  const field = fieldOf(file, column);
  const read = pieceReader(file, queryPlan(file, field, column), await preparedFacts(file, database));
  let vectors: string[] = [];
  for await (const piece of file.pieces()) {
    for (const vector of read(piece)) {
      vectors.push(vector);
      if (vectors.length < chunk) continue;
      yield vectors;
      vectors = [];
    }
    file.recycle(piece.bytes.buffer);
  }
  if (vectors.length > 0) yield vectors;
}

/** As a load into the column would read the field. */
function queryPlan(file: OpenedFile, field: number, column: VectorColumn): ColumnPlan {
  const { name, vector } = column;
  const source = file.fieldNames?.[field] ?? name;
  const mapped: MappedColumn = { column: name, source, origin: { kind: 'field', field } };
  return planColumns(file, [mapped], [column], new Set(), { vectorColumn: name, type: vector });
}

async function preparedFacts({ layout }: OpenedFile, database: Database): Promise<SessionFacts> {
  await readFormat(layout.format)!.prepare?.(layout);
  return sessionFacts(database);
}

function pieceReader(
  { layout }: OpenedFile,
  { decoded: columns, composed }: ColumnPlan,
  session: SessionFacts,
): (piece: Piece) => Generator<string> {
  const decoder = tableDecoder({ layout, columns, composed, session }, 'binary');
  return function* (piece) {
    let rows = 0;
    try {
      for (const batch of decoder.batches(piece)) {
        const text = textOf(batch.columns[0]!);
        for (let row = 0; row < batch.rows; row++, rows++) {
          const vector = text(row);
          if (vector === undefined) throw noVector('a query has no vector');
          yield vector;
        }
      }
    } catch (error) {
      if (error instanceof NeedsText) throw noVector('a query is written as PostgreSQL alone reads it');
      throw error;
    }
    function noVector(message: string): DataError {
      const row = decoder.rowNumber(piece, rows);
      return new DataError(message, { code: 'bad-vector', file: layout.file, row });
    }
  };
}

/** A row's vector as PostgreSQL prints it, undefined where it is NULL. */
function textOf(column: Column): (row: number) => string | undefined {
  const printer = printerOf(column);
  let bytes = Buffer.alloc(0);
  return (row) => {
    if (!isValid(column.validity, row)) return undefined;
    const room = printer.room(row) + 1;
    if (bytes.length < room) bytes = Buffer.alloc(room);
    return bytes.toString('latin1', 0, printer.print(row, bytes, 0));
  };
}

/** The field that holds the vectors: the only one, the one called as the column, else the only one that looks so and has the dimensions. */
function fieldOf(
  { fieldNames, fieldCount, sample, layout, valuesBy }: OpenedFile,
  column: VectorColumn,
): number {
  const fail = (message: string, hint: string) =>
    new UsageError(`${layout.file}: ${message}`, { code: 'no-queries', file: layout.file, hint });
  if (valuesBy !== undefined) {
    throw fail(
      `the format ${layout.format} does not say what its values are`,
      'write the queries as npy, fvecs, csv or jsonl',
    );
  }
  if (fieldCount === 1) return 0;
  const named = fieldNames?.indexOf(column.name) ?? -1;
  if (named >= 0) return named;
  const isVector = (text: string | null | undefined) => {
    const written = writtenVector(text ?? '');
    return written?.sure && (column.dimensions ?? written.dimensions) === written.dimensions;
  };
  const looksSo = (field: number) => sample.length > 0 && sample.every((row) => isVector(row[field]));
  const [field, ...more] = Array.from({ length: fieldCount }, (_, i) => i).filter(looksSo);
  if (field !== undefined && more.length === 0) return field;
  throw fail(
    `${field === undefined ? 'no field is' : 'several fields are'} sure to hold the queries`,
    `call the field of vectors ${column.name}, as the column that is searched`,
  );
}
