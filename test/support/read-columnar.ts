import type { Piece, StoredPieces } from '../../src/batch.ts';
import type { OpenOptions, ReadFormat } from '../../src/formats/read/format.ts';
import type { Source } from '../../src/source.ts';

/** A file's bytes in memory, which can be read here and there. */
export function bytesSource(bytes: Uint8Array, name: string): Source & { bytesRead: number } {
  let position = 0;
  const source = {
    name,
    byteLength: bytes.length,
    bytesRead: 0,
    read: async (target: Uint8Array) => {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      position += part.length;
      source.bytesRead += part.length;
      return part.length;
    },
    readAt: async (target: Uint8Array, offset: number) => {
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      source.bytesRead += part.length;
      return part.length;
    },
    close: async () => {},
  };
  return source;
}

export interface ReadRows {
  names: readonly string[] | undefined;
  types: readonly string[] | undefined;
  sample: readonly (readonly (string | null)[])[];
  pieces: Piece[];
  /** Every row as the object that its rejected record would be. */
  rows: Record<string, unknown>[];
}

/** All of a file, by way of its pieces and of the records that would go into a file of rejected ones. */
export async function readRows(
  format: ReadFormat,
  source: Source,
  options: OpenOptions = {},
  stored?: StoredPieces,
): Promise<ReadRows> {
  const file = await format.open(source, options);
  await format.prepare?.(file.layout);
  const names = file.fieldNames!;
  const columns = names.flatMap((name, field) =>
    options.columns === undefined || options.columns.includes(name)
      ? [{ name, field, type: { name: 'text' }, inferred: false }]
      : [],
  );
  const decoder = format.decoder(file.layout, columns, 'text', { utc: true });
  const read: ReadRows = { names, types: file.types, sample: file.sample, pieces: [], rows: [] };
  for await (const piece of file.pieces(stored)) {
    read.pieces.push(piece);
    let count = 0;
    for (const batch of decoder.batches(piece)) count += batch.rows;
    if (count !== piece.location.records) throw new Error(`${count} rows, not ${piece.location.records}`);
    if (decoder.bytesRead !== piece.location.byteLength) throw new Error('bytes of a piece were not read');
    for (let n = 0; n < count; n++) {
      read.rows.push(JSON.parse(Buffer.from(decoder.record(piece, n).bytes).toString()));
    }
  }
  return read;
}
