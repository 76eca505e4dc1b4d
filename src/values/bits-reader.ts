import type { Column } from '../batch.ts';
import { grown, Offsets, Validity } from '../growing.ts';
import { BAD, TAKEN, type TextReader, UNSURE, type ValueProblem, type Verdict } from '../text-reader.ts';

/**
 * Reads `101100` into a bit(n) or bit varying column; PostgreSQL's other forms (`b101`, `x2C`) are left to it.
 * @param length what bit(n) demands; undefined for bit varying
 */
export function bitsReader(length: number | undefined): TextReader {
  return new BitsReader(length);
}

class BitsReader implements TextReader {
  problem: ValueProblem | undefined;
  private lengths = new Int32Array(64);
  private readonly offsets = new Offsets();
  private bytes = new Uint8Array(1024);
  private used = 0;
  private readonly validity = new Validity();

  private readonly length: number | undefined;

  constructor(length: number | undefined) {
    this.length = length;
  }

  read(text: Uint8Array, start: number, end: number): Verdict {
    const bits = end - start;
    const stop = this.used + ((bits + 7) >> 3);
    this.bytes = grown(this.bytes, stop);
    this.bytes.fill(0, this.used, stop);
    for (let i = 0; i < bits; i++) {
      const bit = text[start + i]! - 0x30;
      if (bit !== 0 && bit !== 1) return UNSURE;
      this.bytes[this.used + (i >> 3)]! |= bit << (7 - (i & 7));
    }
    if (this.length !== undefined && bits !== this.length) {
      this.problem = { sqlstate: '22026', message: `expected ${this.length} bits, not ${bits}` };
      return BAD;
    }
    this.used = stop;
    this.validity.addValue();
    this.endRow(bits);
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.endRow(0);
  }

  take(): Column {
    const rows = this.validity.rows;
    const column: Column = {
      kind: 'bits',
      lengths: this.lengths.subarray(0, rows),
      offsets: this.offsets.take(),
      bytes: this.bytes.subarray(0, this.used),
      validity: this.validity.take(),
    };
    this.used = 0;
    return column;
  }

  private endRow(bits: number): void {
    const rows = this.validity.rows;
    this.lengths = grown(this.lengths, rows);
    this.lengths[rows - 1] = bits;
    this.offsets.add(this.used);
  }
}
