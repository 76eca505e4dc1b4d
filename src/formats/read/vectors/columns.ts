import type { Column } from '../../../batch.ts';
import { grown } from '../../../growing.ts';
import { BAD, type TextReader, UNSURE, type ValueProblem } from '../../../text-reader.ts';
import { utf8Reader } from '../../../values/bytes-reader.ts';
import { type SessionFacts, textReader } from '../../../values/types.ts';
import { allFinite } from '../../../vector/floats-wasm.ts';
import { floatToHalf } from '../../../vector/half.ts';
import { numberText } from '../../../vector/vector-text.ts';
import { type DecodedColumn, NeedsText, type Road } from '../format.ts';
import type { VectorLayout } from './layout.ts';
import { asFloats, elementIndex, type Rows } from './rows.ts';
import { valueText } from './value-text.ts';

/** Some rows of a piece. */
export interface Run {
  rows: Rows;
  /** The first of them, in the piece. */
  from: number;
  count: number;
  /** The number of the first of them in the file, from 0. */
  number: number;
}

/** Makes one column of a run's rows. Its arrays are valid until the next run. */
export type ColumnDecoder = (run: Run) => Column;

/** A value that its column cannot hold. */
export class BadValue extends Error {
  readonly problem: ValueProblem;
  /** Index of the row in its run. */
  readonly row: number;

  constructor(problem: ValueProblem, row: number) {
    super(problem.message);
    this.problem = problem;
    this.row = row;
  }
}

/** How the vectors, or single numbers, go into a column of this type. */
export function elementsColumn(
  { type }: DecodedColumn,
  { dimensions }: VectorLayout,
  road: Road,
  session: SessionFacts,
): ColumnDecoder {
  const { name, length = dimensions } = type;
  if (name !== 'vector' && name !== 'halfvec') {
    return textColumn(readerOf(type, road, session), ({ rows, from }, i) => valueText(rows, from + i, type));
  }
  if (length !== dimensions) {
    const message = `expected ${length} dimensions, not ${dimensions}`;
    return () => {
      throw new BadValue({ sqlstate: '22000', message }, 0);
    };
  }
  const floats = checkedFloats(name, dimensions);
  if (road === 'text') return vectorText(floats, dimensions);
  return name === 'vector'
    ? (run) => ({ kind: 'vector', dimensions, values: floats(run), validity: undefined })
    : halfVectors(floats, dimensions);
}

/** How the rows' numbers in the file, from 0, go into a column of this type. */
export function numbersColumn({ type }: DecodedColumn, road: Road, session: SessionFacts): ColumnDecoder {
  if (type.name !== 'int8' || road === 'text') {
    return textColumn(readerOf(type, road, session), ({ number }, i) => String(number + i));
  }
  let values = new BigInt64Array(0);
  return ({ number, count }) => {
    values = grown(values, count);
    // As two 32-bit halves: no BigInt a value.
    const halves = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) {
      halves[2 * i] = number + i;
      halves[2 * i + 1] = (number + i) / 2 ** 32;
    }
    return { kind: 'int64', values: values.subarray(0, count), validity: undefined };
  };
}

function readerOf(type: DecodedColumn['type'], road: Road, session: SessionFacts): TextReader {
  return road === 'text' ? utf8Reader() : textReader(type, { ...session, canonical: false })!;
}

type Floats = (run: Run) => Float32Array;

/** The run's vectors as float32, refused where pgvector would refuse them. */
function checkedFloats(typeName: string, dimensions: number): Floats {
  let out = new Float32Array(0);
  return ({ rows, from, count }) => {
    out = grown(out, count * dimensions);
    const floats = asFloats(rows, from, count, out);
    const bad = allFinite(floats) ? -1 : floats.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return floats;
    const [row, column] = [Math.floor(bad / dimensions), bad % dimensions];
    const value = rows.type.number(rows.elements, elementIndex(rows, from + row, column));
    throw new BadValue(notFinite(value, column + 1, typeName), row);
  };
}

function notFinite(value: number, element: number, type: string): ValueProblem {
  if (Number.isNaN(value)) {
    return { sqlstate: '22000', message: `element ${element} is NaN, which a ${type} cannot hold` };
  }
  return Number.isFinite(value)
    ? outOfRange(value, element, type)
    : { sqlstate: '22000', message: `element ${element} is infinite, which a ${type} cannot hold` };
}

function outOfRange(value: number, element: number, type: string): ValueProblem {
  return { sqlstate: '22003', message: `element ${element} (${value}) is out of range for type ${type}` };
}

function halfVectors(floats: Floats, dimensions: number): ColumnDecoder {
  let halves = new Uint16Array(0);
  return (run) => {
    const values = floats(run);
    halves = grown(halves, values.length);
    for (let i = 0; i < values.length; i++) {
      const half = floatToHalf(values[i]!);
      if ((half & 0x7fff) === 0x7c00) {
        const problem = outOfRange(values[i]!, (i % dimensions) + 1, 'halfvec');
        throw new BadValue(problem, Math.floor(i / dimensions));
      }
      halves[i] = half;
    }
    return { kind: 'halfvec', dimensions, values: halves.subarray(0, values.length), validity: undefined };
  };
}

/** The float32s themselves in decimals, which PostgreSQL reads back as they were. */
function vectorText(floats: Floats, dimensions: number): ColumnDecoder {
  let values = new Float32Array(0);
  const column = textColumn(
    utf8Reader(),
    (_, i) => `[${Array.from(values.subarray(i * dimensions, (i + 1) * dimensions), numberText).join(',')}]`,
  );
  return (run) => {
    values = floats(run) as Float32Array<ArrayBuffer>;
    return column(run);
  };
}

/** A column of any type, by way of its values' text. */
function textColumn(reader: TextReader, textOf: (run: Run, i: number) => string): ColumnDecoder {
  return (run) => {
    // Whatever a run that failed half way has left.
    reader.take();
    for (let i = 0; i < run.count; i++) {
      const bytes = Buffer.from(textOf(run, i));
      const verdict = reader.read(bytes, 0, bytes.length);
      if (verdict === UNSURE) throw new NeedsText();
      if (verdict === BAD) throw new BadValue(reader.problem!, i);
    }
    return reader.take();
  };
}
