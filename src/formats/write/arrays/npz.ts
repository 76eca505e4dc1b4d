import { combinedCrc32, crc32 } from '../../../crc32.ts';
import type { Assembler, WriteFormat, WritePlan } from '../format.ts';
import {
  arrayMeasures,
  arrayRows,
  type ColumnArray,
  columnArray,
  isVector,
  sentForArray,
} from './column-array.ts';
import { npyHead } from './npy-file.ts';
import { chooseVectorsAndIds, refuseSparse } from './vectors-and-ids.ts';
import { dataDescriptor, directory, localHeader, type ZipMember } from './zip-records.ts';

/**
 * NumPy arrays in a zip archive, one a column and by its name, as np.savez writes them: numbers and vectors as they are,
 * all else as text. They are stored, not compressed: floats hardly become less. The first array comes as its rows come,
 * with its sum behind it, the others when they are whole.
 */
export const npzFormat: WriteFormat = {
  name: 'npz',
  endings: ['npz'],
  binary: true,
  textOptions: [],
  compression: [],
  sent: sentForArray,
  choose: (columns, vector) => chooseVectorsAndIds('npz', columns, vector),
  check: (columns) => {
    for (const column of columns) refuseSparse('npz', column);
  },
  measures: arrayMeasures,
  encoder: (plan, take) => {
    const arrays = arraysOf(plan);
    return {
      takes: 'batches',
      encode: ({ rows, columns }) => {
        const streams = arrays.map((array) => arrayRows(array, columns, rows, take));
        const note: Note = streams.map((bytes) => crc32(bytes));
        return { rows, streams, note };
      },
    };
  },
  files: (plan) => {
    const arrays = arraysOf(plan);
    return [
      {
        ending: undefined,
        streams: arrays.map((_, stream) => stream),
        assembler: (_, rows) => npzAssembler(arrays, rows!),
      },
    ];
  },
};

/** The CRC-32 of each stream's bytes. */
type Note = readonly number[];

/** The vectors first: what comes first needs no room elsewhere until the end. */
function arraysOf(plan: WritePlan): ColumnArray[] {
  const { columns } = plan;
  const inOrder = [...columns.filter(isVector), ...columns.filter((column) => !isVector(column))];
  return inOrder.map((column) => columnArray(plan, column));
}

function npzAssembler(arrays: readonly ColumnArray[], rows: number): Assembler {
  const heads = arrays.map(({ descr, dimensions }) =>
    npyHead(descr, dimensions === undefined ? [rows] : [rows, dimensions]),
  );
  const members = arrays.map(
    ({ name, rowLength }, i): ZipMember => ({
      name: `${name}.npy`,
      length: heads[i]!.length + rows * rowLength,
      crc: crc32(heads[i]!),
      header: 0,
      described: i === 0,
    }),
  );
  return {
    head: () => Buffer.concat([localHeader(members[0]!), heads[0]!]),
    add: ({ lengths, note }) => {
      for (const [i, crc] of (note as Note).entries()) {
        members[i]!.crc = combinedCrc32(members[i]!.crc, crc, lengths[i]!);
      }
    },
    end: function* () {
      const [first, ...others] = members;
      let at = localHeader(first!).length + first!.length;
      const descriptor = dataDescriptor(first!);
      yield descriptor;
      at += descriptor.length;
      for (const [i, member] of others.entries()) {
        member.header = at;
        const header = localHeader(member);
        yield Buffer.concat([header, heads[i + 1]!]);
        yield { stream: i + 1 };
        at += header.length + member.length;
      }
      yield directory(members, at);
    },
  };
}
