import type { Piece, StoredPieces } from '../../batch.ts';
import { binaryFormat } from '../../formats/write/binary.ts';
import { copyQueryOut, selectRows } from '../../sql/export.ts';
import { type Range, rangeLength } from '../export/ranges.ts';
import type { TableLayout } from '../ingest/from-table/origin.ts';
import type { OpenInput } from '../ingest/input.ts';
import type { ColumnsPlan } from './plan-columns.ts';
import type { TableAtMoment } from './table-input.ts';

/**
 * A table whose rows the lanes fetch by themselves: a range is a piece, which holds no rows but the COPY that gives them.
 * The same rows, as long as the moment is held; so what is lost of a piece on its way is fetched once more.
 */
export async function openToFetch(
  { database, name, moment, ranges, flags }: TableAtMoment,
  { columns }: ColumnsPlan,
): Promise<OpenInput> {
  const { address } = await database.lane();
  const fields = columns.length;
  const expressions = columns.map(({ expression }) => expression);
  const layout: TableLayout = {
    format: binaryFormat.name,
    file: name,
    fields,
    origin: { address, moment, flags },
  };
  return {
    file: {
      fieldNames: columns.map(({ column }) => column.name),
      fieldCount: fields,
      valuesBy: 'binary',
      headLength: 0,
      sample: [],
      layout,
      pieces: (stored) => pieces(ranges, expressions, stored),
      recycle: () => {},
    },
    byteLength: undefined,
    close: async () => {},
  };
}

async function* pieces(
  ranges: readonly Range[],
  expressions: readonly string[],
  stored: StoredPieces | undefined,
): AsyncGenerator<Piece> {
  for (const [sequence, range] of ranges.entries()) {
    if (stored?.has(sequence)) continue;
    const copy = copyQueryOut(selectRows(expressions, range));
    yield {
      // How many rows there are is known once they are stored; of the table's own bytes it is a share.
      location: {
        sequence,
        firstRow: 1,
        records: 0,
        byteOffset: sequence * rangeLength,
        byteLength: rangeLength,
      },
      bytes: new TextEncoder().encode(copy),
    };
  }
}
