import type { LaneAddress } from '../../database/database.ts';
import type { TransferredError } from '../../error-transfer.ts';
import type { Compression, Part, WritePlan } from '../../formats/write/format.ts';
import type { Split } from './file-set.ts';
import type { Moment } from './moment.ts';

/** What a lane's thread is started with: its way to the database. */
export interface ReadLane {
  address: LaneAddress;
}

/** What lanes read, and what they make of it. */
export interface Reading {
  moment: Moment;
  format: string;
  plan: WritePlan;
  /** Of what the encoder gives; undefined where the format compresses within, or nothing does. */
  compression: Compression | undefined;
  /** Parts end where a file of so many rows does, or are much smaller than one of so many bytes. */
  split: Split | undefined;
  /** Milliseconds without a byte after which a connection is doubted; undefined: the usual. */
  stallAfter?: number | undefined;
}

/** Rows for a lane to read. */
export interface RangeWork {
  sequence: number;
  /** COPY … TO STDOUT in binary. */
  copy: string;
  /** Of the range's first row in the export, from 0; only where it is split by rows. */
  firstRow: number;
  /** The same rows come in the same order whenever it is run at this moment. */
  repeatable: boolean;
}

/** To a lane. `begin`: comes first, once it is planned; `written`: these buffers are free again; `stop`: end what runs; `close`: end. */
export type ToReadLane =
  | { kind: 'begin'; reading: Reading }
  | { kind: 'range'; work: RangeWork }
  | { kind: 'written'; buffers: ArrayBuffer[] }
  | { kind: 'stop' }
  | { kind: 'close' };

/** From a lane. A range's parts come in their order, then its end. */
export type FromReadLane =
  | { kind: 'part'; sequence: number; part: Part }
  | { kind: 'end'; sequence: number }
  | { kind: 'retrying'; message: string; milliseconds: number }
  | { kind: 'failed'; error: TransferredError };
