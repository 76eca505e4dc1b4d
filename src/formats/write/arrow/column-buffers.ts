import type { Column } from '../../../batch.ts';
import { countNulls, packFlags } from '../columnar/bits.ts';

/** What a batch's columns come to, depth first (https://arrow.apache.org/docs/format/Columnar.html). */
export interface ColumnBuffers {
  /** Length and number of NULLs of each field. */
  nodes: number[];
  buffers: Uint8Array[];
}

const nothing = new Uint8Array(0);

/** Adds the `count` slots of a column. @param column with dates and times since 1970 */
export function addColumn(column: Column, count: number, out: ColumnBuffers): void {
  addNode(column.validity, count, out);
  switch (column.kind) {
    case 'vector':
    case 'halfvec':
      addValues(column.values, count * column.dimensions, out);
      return;
    case 'ragged-vector':
      out.buffers.push(bytesOf(column.offsets, count + 1));
      addValues(column.values, column.offsets[count]!, out);
      return;
    case 'sparsevec': {
      const elements = column.offsets[count]!;
      out.buffers.push(bytesOf(column.offsets, count + 1));
      addNode(undefined, elements, out);
      addValues(
        column.indices.subarray(0, elements).map((index) => index + 1),
        elements,
        out,
      );
      addValues(column.values, elements, out);
      return;
    }
    case 'array':
      out.buffers.push(bytesOf(column.offsets, count + 1));
      addColumn(column.elements, column.offsets[count]!, out);
      return;
    case 'utf8':
    case 'json':
    case 'raw':
      out.buffers.push(bytesOf(column.offsets, count + 1), column.bytes.subarray(0, column.offsets[count]));
      return;
    case 'boolean': {
      const bits = new Uint8Array((count + 7) >> 3);
      packFlags(column.values.subarray(0, count), bits, 0);
      out.buffers.push(bits);
      return;
    }
    case 'uuid':
      out.buffers.push(bytesOf(column.values, count * 16));
      return;
    case 'bits':
      throw new Error('bits come as text');
    default:
      out.buffers.push(bytesOf(column.values, count));
  }
}

/** A field's node and its bitmap, which is left out where nothing is NULL. */
function addNode(validity: Uint8Array | undefined, count: number, out: ColumnBuffers): void {
  const nulls = countNulls(validity, count);
  out.nodes.push(count, nulls);
  out.buffers.push(nulls === 0 ? nothing : validity!.subarray(0, (count + 7) >> 3));
}

/** A field of values of which none is NULL. */
function addValues(
  values: ArrayBufferView & { BYTES_PER_ELEMENT: number },
  count: number,
  out: ColumnBuffers,
): void {
  addNode(undefined, count, out);
  out.buffers.push(bytesOf(values, count));
}

function bytesOf(
  { buffer, byteOffset, BYTES_PER_ELEMENT }: ArrayBufferView & { BYTES_PER_ELEMENT: number },
  count: number,
): Uint8Array {
  return new Uint8Array(buffer, byteOffset, count * BYTES_PER_ELEMENT);
}
