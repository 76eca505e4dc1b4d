import type { Column } from '../batch.ts';
import { grown, Offsets, Validity } from '../growing.ts';
import {
  BAD,
  excerpt,
  TAKEN,
  type TextReader,
  UNSURE,
  type ValueProblem,
  type Verdict,
} from '../text-reader.ts';
import { floatToHalf } from './half.ts';
import { maxDimensions } from './limits.ts';
import * as scan from './scan.ts';

type DenseType = 'vector' | 'halfvec';

/** Reads `[1,2,3]` into columns of vector(n) or halfvec(n), or of either without dimensions. */
export function denseReader(type: DenseType, dimensions: number | undefined): TextReader {
  return new DenseReader(type, dimensions);
}

class DenseReader implements TextReader {
  problem: ValueProblem | undefined;
  private values: Float32Array<ArrayBuffer>;
  private halves = new Uint16Array(0);
  private readonly offsets = new Offsets();
  private used = 0;
  private readonly validity = new Validity();

  private readonly type: DenseType;
  private readonly dimensions: number | undefined;

  constructor(type: DenseType, dimensions: number | undefined) {
    this.type = type;
    this.dimensions = dimensions;
    this.values = new Float32Array((dimensions ?? 256) * 64);
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    const limit = this.dimensions ?? maxDimensions[this.type];
    if (this.used + limit > this.values.length) this.values = grown(this.values, this.used + limit);
    let from = start;
    while (from < end && scan.isSpace(bytes[from]!)) from++;
    if (from >= end || bytes[from] !== 0x5b) return this.refuse(bytes, start, end, scan.SYNTAX);
    const count = scan.scanFloats(bytes, from + 1, end, 0x5d, this.values, this.used, limit);
    if (count < 0) return this.refuse(bytes, start, end, count);
    let behind = scan.stoppedAt;
    while (behind < end && scan.isSpace(bytes[behind]!)) behind++;
    if (behind < end) return this.refuse(bytes, start, end, scan.SYNTAX);
    if (this.dimensions !== undefined && count !== this.dimensions) return this.wrongDimensions(count);
    if (this.type === 'halfvec' && !this.fitsHalf(count)) return BAD;
    this.used += count;
    this.validity.addValue();
    this.offsets.add(this.used);
    return TAKEN;
  }

  readNull(): void {
    if (this.dimensions !== undefined) {
      const end = this.used + this.dimensions;
      this.values = grown(this.values, end);
      this.values.fill(0, this.used, end);
      this.used = end;
    }
    this.validity.addNull();
    this.offsets.add(this.used);
  }

  take(): Column {
    const validity = this.validity.take();
    const floats = this.values.subarray(0, this.used);
    const offsets = this.offsets.take();
    this.used = 0;
    const values = this.type === 'vector' ? floats : this.asHalves(floats);
    const { dimensions } = this;
    if (dimensions === undefined) return { kind: 'ragged-vector', offsets, values, validity };
    return values instanceof Uint16Array
      ? { kind: 'halfvec', dimensions, values, validity }
      : { kind: 'vector', dimensions, values, validity };
  }

  private asHalves(floats: Float32Array): Uint16Array {
    this.halves = grown(this.halves, floats.length);
    for (let i = 0; i < floats.length; i++) this.halves[i] = floatToHalf(floats[i]!);
    return this.halves.subarray(0, floats.length);
  }

  private fitsHalf(count: number): boolean {
    for (let i = this.used; i < this.used + count; i++) {
      if ((floatToHalf(this.values[i]!) & 0x7fff) === 0x7c00) {
        this.problem = {
          sqlstate: '22003',
          message: `element ${i - this.used + 1} (${this.values[i]}) is out of range for type halfvec`,
        };
        return false;
      }
    }
    return true;
  }

  private wrongDimensions(count: number): Verdict {
    const expected = this.dimensions ?? 'at least 1';
    this.problem = { sqlstate: '22000', message: `expected ${expected} dimensions, not ${count}` };
    return BAD;
  }

  /** Says what is wrong in words near pgvector's own; the element is named, as a vector is long. */
  private refuse(bytes: Uint8Array, start: number, end: number, code: number): Verdict {
    if (code === scan.UNSURE) return UNSURE;
    if (code === scan.TOO_MANY && this.dimensions !== undefined) {
      const count = countElements(bytes, start, end);
      if (count <= maxDimensions[this.type]) return this.wrongDimensions(count);
    }
    if (code === scan.SYNTAX && isEmptyList(bytes, start, end)) return this.wrongDimensions(0);
    const element = countElements(bytes, start, scan.stoppedAt);
    const text = excerpt(bytes, start, end);
    const messages: Record<number, [sqlstate: string, message: string]> = {
      [scan.OUT_OF_RANGE]: ['22003', `element ${element} is out of range for type ${this.type}`],
      [scan.NOT_A_NUMBER]: ['22000', `element ${element} is NaN, which a ${this.type} cannot hold`],
      [scan.INFINITE]: ['22000', `element ${element} is infinite, which a ${this.type} cannot hold`],
      [scan.TOO_MANY]: [
        '54000',
        `a ${this.type} cannot have more than ${maxDimensions[this.type]} dimensions`,
      ],
    };
    const [sqlstate, message] = messages[code] ?? ['22P02', `not a ${this.type}: ${text}`];
    this.problem =
      sqlstate === '22P02'
        ? { sqlstate, message, hint: 'a vector is written [0.1,0.2,0.3]' }
        : { sqlstate, message };
    return BAD;
  }
}

/** How many elements begin in bytes[start, end). */
function countElements(bytes: Uint8Array, start: number, end: number): number {
  let count = 1;
  for (let i = start; i < end; i++) if (bytes[i] === 0x2c) count++;
  return count;
}

function isEmptyList(bytes: Uint8Array, start: number, end: number): boolean {
  return /^\s*\[\s*\]\s*$/.test(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
}
