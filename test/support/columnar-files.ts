import type { Batch, Column } from '../../src/batch.ts';
import { encodeBinary } from '../../src/copy/binary.ts';
import type { ReadFormat } from '../../src/formats/read/format.ts';
import type { Compression, WriteColumn, WriteFormat } from '../../src/formats/write/format.ts';
import { TAKEN } from '../../src/text-reader.ts';
import { textReader, type ValueType } from '../../src/values/types.ts';
import { bytesSource } from './read-columnar.ts';
import { written } from './written.ts';

/** Values of a type, as PostgreSQL reads them, in a column; null: NULL. */
export function columnOf(type: ValueType, texts: readonly (string | null)[]): Column {
  const reader = textReader(type, { utc: true, canonical: false })!;
  for (const text of texts) {
    const bytes = Buffer.from(text ?? '');
    if (text === null) reader.readNull();
    else if (reader.read(bytes, 0, bytes.length) !== TAKEN) throw new Error(`${type.name}: ${text}`);
  }
  return reader.take();
}

/** The file that a format of typed columns makes of batches. */
export async function fileOf(
  format: WriteFormat,
  columns: readonly WriteColumn[],
  batches: readonly Batch[],
  compression?: Compression,
): Promise<Uint8Array> {
  const text = { header: true, null: '', delimiter: ',' };
  await format.prepare?.({ columns, text, compression, measured: undefined });
  return new Uint8Array(written(format, columns, batches, [], compression).get('')!);
}

/** Every row of the batches as it goes over the wire. */
export function wireOf(batches: readonly Batch[]): Buffer {
  return Buffer.concat(batches.map(encodeBinary));
}

/** The rows of a file as they go over the wire into the columns that it was written from. */
export async function wireOfFile(
  format: ReadFormat,
  bytes: Uint8Array,
  columns: readonly WriteColumn[],
): Promise<Buffer> {
  const file = await format.open(bytesSource(bytes, 'file'), {});
  await format.prepare?.(file.layout);
  const decoded = columns.map(({ name, type, sent }) => {
    const field = file.fieldNames!.indexOf(name);
    return { name, field, type: sent === 'binary' ? type : { name: 'text' }, inferred: false };
  });
  const decoder = format.decoder(file.layout, decoded, 'binary', { utc: true });
  const parts: Buffer[] = [];
  for await (const piece of file.pieces()) {
    for (const batch of decoder.batches(piece)) parts.push(wireOf([batch]));
  }
  return Buffer.concat(parts);
}
