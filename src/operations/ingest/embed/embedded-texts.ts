import type { Batch, VectorColumn } from '../../../batch.ts';
import { grown, Validity } from '../../../growing.ts';
import type { EmbeddedSource } from '../compose/composition.ts';
import type { NumberOf, Refuse } from '../compose/maker.ts';

/** What has become of a row's text: its vector, why there is none, or null where there is no text. */
export type Embedded = Float32Array | string | null;

/** The vectors of one piece's texts, by source and the row's number in the file. */
export class EmbeddedTexts {
  private readonly dimensions: number;
  private readonly sources = new Map<EmbeddedSource, Map<number, Embedded>>();

  /** @param dimensions of every vector */
  constructor(dimensions: number) {
    this.dimensions = dimensions;
  }

  /** For another piece: forgets what is there of the source. @returns by row number, to be filled */
  begin(source: EmbeddedSource): Map<number, Embedded> {
    const rows = new Map<number, Embedded>();
    this.sources.set(source, rows);
    return rows;
  }

  /** Gives the vectors of a batch's rows; a column is valid until the next. A row that was refused has zeros. */
  reader(source: EmbeddedSource): (batch: Batch, refuse: Refuse, numberOf: NumberOf) => VectorColumn {
    const { dimensions } = this;
    const validity = new Validity();
    let values = new Float32Array(0);
    return ({ rows }, refuse, numberOf) => {
      const known = this.sources.get(source)!;
      values = grown(values, rows * dimensions);
      validity.take();
      for (let row = 0; row < rows; row++) {
        const embedded = known.get(numberOf(row));
        if (embedded === undefined) throw new Error(`row ${numberOf(row)} has not been embedded`);
        if (embedded instanceof Float32Array) {
          values.set(embedded, row * dimensions);
          validity.addValue();
          continue;
        }
        values.fill(0, row * dimensions, (row + 1) * dimensions);
        validity.addNull();
        if (embedded !== null) refuse(row, { sqlstate: '22000', message: embedded });
      }
      const filled = values.subarray(0, rows * dimensions);
      return { kind: 'vector', dimensions, values: filled, validity: validity.take() };
    };
  }
}
