import type { Column } from '../batch.ts';
import { grown, Offsets, Validity } from '../growing.ts';
import { TAKEN, type TextReader, UNSURE, type Verdict } from '../text-reader.ts';

/**
 * Reads one-dimensional array literals, `{1,NULL,"a \"b\""}` (manual: Arrays, Array Input and Output Syntax);
 * nested arrays and explicit bounds are left to PostgreSQL.
 */
export function arrayReader(elementOid: number, element: TextReader): TextReader {
  return new ArrayReader(elementOid, element);
}

const [OPEN, CLOSE, COMMA, QUOTE, BACKSLASH] = [0x7b, 0x7d, 0x2c, 0x22, 0x5c];

class ArrayReader implements TextReader {
  readonly problem = undefined;
  private readonly elementOid: number;
  private readonly element: TextReader;
  private elements = 0;
  private scratch = new Uint8Array(256);
  private readonly offsets = new Offsets();
  private readonly validity = new Validity();

  constructor(elementOid: number, element: TextReader) {
    this.elementOid = elementOid;
    this.element = element;
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    if (!this.readElements(bytes, start, end)) return UNSURE;
    this.validity.addValue();
    this.offsets.add(this.elements);
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.offsets.add(this.elements);
  }

  take(): Column {
    this.elements = 0;
    return {
      kind: 'array',
      elementOid: this.elementOid,
      offsets: this.offsets.take(),
      elements: this.element.take(),
      validity: this.validity.take(),
    };
  }

  private readElements(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2 || bytes[start] !== OPEN || bytes[end - 1] !== CLOSE) return false;
    const last = end - 1;
    let position = start + 1;
    if (position === last) return true;
    for (;;) {
      const stop =
        bytes[position] === QUOTE
          ? this.readQuoted(bytes, position, last)
          : this.readBare(bytes, position, last);
      if (stop < 0) return false;
      this.elements++;
      if (stop === last) return true;
      if (bytes[stop] !== COMMA) return false;
      position = stop + 1;
    }
  }

  /** A quoted element from its quote on; returns where it ends, −1 where PostgreSQL should read it. */
  private readQuoted(bytes: Uint8Array, start: number, end: number): number {
    let length = 0;
    this.scratch = grown(this.scratch, end - start);
    for (let i = start + 1; i < end; i++) {
      let byte = bytes[i]!;
      if (byte === QUOTE) return this.element.read(this.scratch, 0, length) === TAKEN ? i + 1 : -1;
      if (byte === BACKSLASH) byte = bytes[++i]!;
      this.scratch[length++] = byte;
    }
    return -1;
  }

  private readBare(bytes: Uint8Array, start: number, end: number): number {
    let stop = start;
    for (; stop < end && bytes[stop] !== COMMA; stop++) {
      const byte = bytes[stop]!;
      // White space round an element is dropped, braces nest, backslashes escape: not plain.
      if (byte <= 0x20 || byte === QUOTE || byte === BACKSLASH || byte === OPEN || byte === CLOSE) return -1;
    }
    if (stop === start) return -1;
    if (stop - start === 4 && isNull(bytes, start)) this.element.readNull();
    else if (this.element.read(bytes, start, stop) !== TAKEN) return -1;
    return stop;
  }
}

function isNull(bytes: Uint8Array, at: number): boolean {
  const lower = (i: number) => bytes[at + i]! | 0x20;
  return lower(0) === 0x6e && lower(1) === 0x75 && lower(2) === 0x6c && lower(3) === 0x6c;
}
