import type { Piece } from '../../../batch.ts';
import type { PieceRows, ReadPiece } from '../columnar/decoder.ts';
import { Damaged, type FieldValues } from '../columnar/values.ts';
import { readBatch } from './batch-reader.ts';
import { joined } from './dictionaries.ts';
import { readBatchHeader, readDictionaryHeader, readMessage } from './message.ts';
import { unpackMessages } from './packed-batch.ts';
import type { ArrowField } from './schema.ts';

/** Reads pieces of an Arrow file: the dictionaries so far, and a batch of rows. */
export function pieceReader(fields: readonly ArrowField[]): ReadPiece {
  const byDictionary = new Map(dictionaryFields(fields));
  return (piece) => readPiece(piece, fields, byDictionary);
}

function readPiece(
  piece: Piece,
  fields: readonly ArrowField[],
  byDictionary: ReadonlyMap<number, ArrowField>,
): PieceRows {
  const dictionaries = new Map<number, FieldValues>();
  for (const { metadata, body } of unpackMessages(piece)) {
    const { kind, header } = readMessage(metadata);
    if (kind === 'dictionary') {
      const { id, delta, batch } = readDictionaryHeader(header);
      const field = byDictionary.get(id);
      if (field === undefined) continue;
      const values = readBatch([field], batch, body, dictionaries)[0]!();
      const before = delta ? dictionaries.get(id) : undefined;
      dictionaries.set(id, before === undefined ? values : joined(before, values));
      continue;
    }
    const batch = readBatchHeader(header);
    const columns = readBatch(fields, batch, body, dictionaries);
    return { count: batch.rows, field: (field) => checked(columns[field]!(), batch.rows) };
  }
  throw new Damaged('a piece has no batch');
}

function checked(values: FieldValues, rows: number): FieldValues {
  if (values.length < rows) throw new Damaged('a column has fewer values than there are rows');
  return values;
}

/** Each dictionary's number, and a field of what its values are. */
function dictionaryFields(fields: readonly ArrowField[]): [number, ArrowField][] {
  return fields.flatMap(({ dictionary, ...field }) => {
    const within = dictionaryFields(field.children);
    return dictionary === undefined ? within : [[dictionary.id, field] as [number, ArrowField], ...within];
  });
}
