import type { Batch } from '../../src/batch.ts';
import type { Part, WriteColumn, WriteFormat, WritePlan } from '../../src/formats/write/format.ts';

/** A column to be written, sent as the format wants it. */
export function writeColumn(
  format: WriteFormat,
  name: string,
  type: string | WriteColumn['type'],
  rest: Partial<WriteColumn> = {},
): WriteColumn {
  const whole = typeof type === 'string' ? { name: type } : type;
  return { name, type: whole, sent: format.sent(whole), notNull: true, key: false, ...rest };
}

/** What a format makes of batches, by the files' endings (the main one's is ''), without a database. */
export function written(
  format: WriteFormat,
  columns: readonly WriteColumn[],
  batches: readonly Batch[],
  values: readonly (number | undefined)[] = [],
  compression?: WritePlan['compression'],
): Map<string, Buffer> {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const plan: WritePlan = {
    columns,
    text: { header: true, null: '', delimiter: ',' },
    compression,
    measured: { rows, values },
  };
  const encoder = format.encoder(plan, dirtyBuffer);
  if (encoder.takes !== 'batches') throw new Error('a format that takes tuples');
  const parts = batches.map((batch) => encoder.encode(batch));
  return new Map(
    format.files(plan).map((layout) => {
      const assembler = layout.assembler(plan, rows);
      const chunks: Uint8Array[] = [assembler.head()];
      const [first, ...aside] = layout.streams;
      for (const part of parts) {
        const offset = chunks.reduce((sum, { length }) => sum + length, 0);
        chunks.push(part.streams[first!]!);
        const lengths = part.streams.map(({ length }) => length);
        assembler.add({ rows: part.rows, note: structuredClone(part.note), lengths }, offset);
      }
      for (const piece of assembler.end()) {
        if (piece instanceof Uint8Array) chunks.push(piece);
        else if (aside.includes(piece.stream)) chunks.push(...streamOf(parts, piece.stream));
        else throw new Error(`stream ${piece.stream} is not kept aside`);
      }
      return [layout.ending ?? '', Buffer.concat(chunks)];
    }),
  );
}

function streamOf(parts: readonly Part[], stream: number): Uint8Array[] {
  return parts.map(({ streams }) => streams[stream]!);
}

/** Longer than was asked for, and with something in it, as one that was used before. */
function dirtyBuffer(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length + 16).fill(0xa5);
}
