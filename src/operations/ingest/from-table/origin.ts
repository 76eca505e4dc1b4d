import type { LaneAddress } from '../../../database/database.ts';
import type { Layout } from '../../../formats/read/format.ts';
import type { Moment } from '../../export/moment.ts';

/** A database that lanes fetch the rows of their pieces from; structured-cloneable. */
export interface Origin {
  address: LaneAddress;
  /** What all lanes see. */
  moment: Moment;
  /** The flags that the user's own SQL came by. */
  flags: readonly string[];
}

/** Of a load whose pieces hold no rows: each holds the COPY … TO STDOUT that gives them, in binary. */
export interface TableLayout extends Layout {
  origin: Origin;
}

/** Undefined: the pieces themselves hold the rows. */
export function originOf(layout: Layout): Origin | undefined {
  return (layout as Partial<TableLayout>).origin;
}
