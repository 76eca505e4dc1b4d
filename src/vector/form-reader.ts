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
import { base64Floats, NO_ROOM } from './base64.ts';
import { denseReader } from './dense-reader.ts';
import { formExamples, type VectorForm } from './forms.ts';
import { maxDimensions } from './limits.ts';
import { isSpace } from './scan.ts';
import { sparseReader } from './sparse-reader.ts';

/**
 * Reads vectors written in one form, of any length, into a column of float32 (`sparse`: of sparsevec). What is
 * written otherwise is BAD, never UNSURE: nobody else reads these texts.
 */
export function formReader(form: VectorForm): TextReader {
  switch (form) {
    case 'base64':
      return new Base64Reader();
    case 'sparse':
      return new FormReader(form, sparseReader(undefined), asItIs);
    default:
      return new FormReader(form, denseReader('vector', undefined), rewrites[form]);
  }
}

const [SPACE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_BRACE, CLOSE_BRACE] = [0x20, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Writes bytes[start, end), which have no white space at their ends, as the text that the form's reader knows.
 * @param out has room for two bytes more
 * @returns its length, −1 where the bytes are not of the form
 */
type Rewrite = (bytes: Uint8Array, start: number, end: number, out: Uint8Array) => number;

const asItIs: Rewrite = (bytes, start, end, out) => {
  out.set(bytes.subarray(start, end));
  return end - start;
};

const rewrites: Record<Exclude<VectorForm, 'base64' | 'sparse'>, Rewrite> = {
  list: asItIs,
  array: (bytes, start, end, out) => {
    if (end - start < 2 || bytes[start] !== OPEN_BRACE || bytes[end - 1] !== CLOSE_BRACE) return -1;
    return bracketed(bytes, start + 1, end - 1, out);
  },
  commas: bracketed,
  spaces: (bytes, start, end, out) => {
    const inBrackets = bytes[start] === OPEN_LIST;
    if (inBrackets !== (bytes[end - 1] === CLOSE_LIST)) return -1;
    let from = inBrackets ? start + 1 : start;
    let to = inBrackets ? end - 1 : end;
    while (from < to && isSpace(bytes[from]!)) from++;
    while (from < to && isSpace(bytes[to - 1]!)) to--;
    let length = 0;
    out[length++] = OPEN_LIST;
    let inGap = false;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (byte === COMMA) return -1;
      const isGap = byte <= SPACE && isSpace(byte);
      // The first byte of white space becomes the comma, those behind it nothing.
      if (!isGap) out[length++] = byte;
      else if (!inGap) out[length++] = COMMA;
      inGap = isGap;
    }
    out[length++] = CLOSE_LIST;
    return length;
  },
};

function bracketed(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  out[0] = OPEN_LIST;
  out.set(bytes.subarray(start, end), 1);
  out[end - start + 1] = CLOSE_LIST;
  return end - start + 2;
}

/** By way of a text that another reader knows. */
class FormReader implements TextReader {
  problem: ValueProblem | undefined;
  private scratch = new Uint8Array(4096);
  private readonly form: VectorForm;
  private readonly reader: TextReader;
  private readonly rewrite: Rewrite;

  constructor(form: VectorForm, reader: TextReader, rewrite: Rewrite) {
    this.form = form;
    this.reader = reader;
    this.rewrite = rewrite;
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    let [from, to] = [start, end];
    while (from < to && isSpace(bytes[from]!)) from++;
    while (from < to && isSpace(bytes[to - 1]!)) to--;
    this.scratch = grown(this.scratch, to - from + 2);
    const length = from < to ? this.rewrite(bytes, from, to, this.scratch) : -1;
    const verdict = length < 0 ? UNSURE : this.reader.read(this.scratch, 0, length);
    if (verdict === TAKEN) return TAKEN;
    const problem = verdict === BAD ? this.reader.problem : undefined;
    // The other reader's words for bad syntax would quote a text that nobody has written.
    this.problem =
      problem === undefined || problem.sqlstate === '22P02'
        ? notOfForm(this.form, bytes, start, end)
        : problem;
    return BAD;
  }

  readNull(): void {
    this.reader.readNull();
  }

  take(): ReturnType<TextReader['take']> {
    return this.reader.take();
  }
}

class Base64Reader implements TextReader {
  problem: ValueProblem | undefined;
  private values = new Float32Array(2 * maxDimensions.vector);
  private used = 0;
  private readonly offsets = new Offsets();
  private readonly validity = new Validity();

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    this.values = grown(this.values, this.used + maxDimensions.vector);
    const room = this.values.subarray(0, this.used + maxDimensions.vector);
    const count = base64Floats(bytes, start, end, room, this.used);
    if (count < 0) {
      this.problem =
        count === NO_ROOM
          ? {
              sqlstate: '54000',
              message: `a vector cannot have more than ${maxDimensions.vector} dimensions`,
            }
          : notOfForm('base64', bytes, start, end);
      return BAD;
    }
    if (!this.isFinite(count)) return BAD;
    this.used += count;
    this.validity.addValue();
    this.offsets.add(this.used);
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.offsets.add(this.used);
  }

  take(): ReturnType<TextReader['take']> {
    const values = this.values.subarray(0, this.used);
    this.used = 0;
    return { kind: 'ragged-vector', offsets: this.offsets.take(), values, validity: this.validity.take() };
  }

  private isFinite(count: number): boolean {
    for (let i = this.used; i < this.used + count; i++) {
      const value = this.values[i]!;
      if (Number.isFinite(value)) continue;
      const what = Number.isNaN(value) ? 'NaN' : 'infinite';
      const message = `element ${i - this.used + 1} is ${what}, which a vector cannot hold`;
      this.problem = { sqlstate: '22000', message };
      return false;
    }
    return true;
  }
}

function notOfForm(form: VectorForm, bytes: Uint8Array, start: number, end: number): ValueProblem {
  return {
    sqlstate: '22P02',
    message: `not a vector: ${excerpt(bytes, start, end)}`,
    hint: `the vectors of this column are written ${formExamples[form]}, as the first one is`,
  };
}
