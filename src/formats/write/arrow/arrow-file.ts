import type { Assembler, WriteColumn } from '../format.ts';
import { encodeFlatbuffer } from './flatbuffer.ts';
import { encodeMessage, metadataVersion, SCHEMA } from './message.ts';
import type { RecordBatchNote } from './record-batch.ts';
import { schemaTable } from './schema.ts';

const magic = Buffer.from('ARROW1');

/** A file of Arrow IPC: magic bytes, the schema, the record batches, and a footer that says where they are. */
export class ArrowAssembler implements Assembler {
  private readonly columns: readonly WriteColumn[];
  /** Structs of File.fbs, Block: offset, length of the metadata, length of the body. */
  private readonly blocks: number[] = [];

  constructor(columns: readonly WriteColumn[]) {
    this.columns = columns;
  }

  /** The magic bytes take the place of 8. */
  head(): Uint8Array {
    const head = new Uint8Array(8);
    head.set(magic);
    return Buffer.concat([head, encodeMessage(SCHEMA, schemaTable(this.columns), 0, head.length)]);
  }

  add({ note }: { note?: unknown }, offset: number): void {
    const { metadataLength, bodyLength } = note as RecordBatchNote;
    this.blocks.push(offset, metadataLength, bodyLength);
  }

  /** An end as a stream has it, the footer, its length as int32, and the magic bytes again. */
  end(): Uint8Array[] {
    const footer = encodeFlatbuffer([
      metadataVersion,
      { table: schemaTable(this.columns) },
      { structs: [], parts: 3 },
      { structs: this.blocks, parts: 3 },
    ]);
    const marks = new Uint8Array(8 + 4);
    const view = new DataView(marks.buffer);
    view.setInt32(0, -1, true);
    view.setInt32(8, footer.length, true);
    return [marks.subarray(0, 8), footer, marks.subarray(8), magic];
  }
}
