import type { ValueKind } from '../format.ts';
import { FieldNames } from './field-names.ts';
import type { Frame } from './frames.ts';
import { ObjectScanner } from './object-scanner.ts';
import { Scratch } from './scratch.ts';
import {
  BrokenJson,
  escaped,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  scanString,
  scanValue,
} from './syntax.ts';

/** The first objects of a file. */
export interface Sample {
  /** Their keys, in the order of their first sight. */
  names: string[];
  /** Their values' text by field, NULL as null. */
  rows: (string | null)[][];
  /** What the values of each field are. */
  kinds: ValueKind[];
  /** Why it ends where it does, where an object is broken: its record's number in the file, from 1. */
  broken: { row: number; error: BrokenJson } | undefined;
}

/** Objects that mapping and types are decided by. */
const sampleObjects = 1000;

/** Reads the sample from whole records. */
export function readSample(head: Buffer, frame: Frame): Sample {
  const sampler = new Sampler();
  let [position, row] = [0, 1];
  try {
    for (; position < head.length && sampler.rows.length < sampleObjects; row++) {
      const start = frame.begin(head, position, row === 1);
      position = start < 0 ? frame.limit : frame.finish(head, sampler.readObject(head, start, frame.limit));
    }
  } catch (error) {
    if (!(error instanceof BrokenJson)) throw error;
    return sampler.result({ row, error });
  }
  return sampler.result(undefined);
}

class Sampler {
  readonly rows: (string | null)[][] = [];
  private readonly names = new Map<string, number>();
  private readonly kinds: (ValueKind | undefined)[] = [];
  private readonly scanner = new ObjectScanner();
  private readonly keys = new FieldNames([]);
  private readonly scratch = new Scratch();

  readObject(bytes: Buffer, start: number, limit: number): number {
    const { scanner } = this;
    const row: (string | null)[] = [];
    scanner.begin(bytes, start, limit);
    while (scanner.next()) {
      const key = this.keys.keyOf(scanner);
      const field = this.names.get(key) ?? this.names.size;
      const at = scanner.position;
      scanner.position = scanValue(bytes, at, limit);
      row[field] = this.textOf(bytes, at, scanner.position);
      this.names.set(key, field);
      this.addKind(field, kindOf(bytes[at]!));
    }
    this.rows.push(row);
    return scanner.position;
  }

  result(broken: Sample['broken']): Sample {
    const names = [...this.names.keys()];
    return {
      names,
      rows: this.rows.map((row) => names.map((_, field) => row[field] ?? null)),
      kinds: names.map((_, field) => this.kinds[field] ?? 'string'),
      broken,
    };
  }

  private textOf(bytes: Buffer, start: number, end: number): string | null {
    if (bytes[start] === LETTER_N) return null;
    if (bytes[start] !== QUOTE) return bytes.toString('utf8', start, end);
    const close = scanString(bytes, start, end);
    if (!escaped) return bytes.toString('utf8', start + 1, close);
    this.scratch.clear();
    this.scratch.addUnescaped(bytes, start + 1, close);
    return Buffer.from(this.scratch.bytes.buffer, 0, this.scratch.length).toString('utf8');
  }

  private addKind(field: number, kind: ValueKind | undefined): void {
    const before = this.kinds[field];
    if (kind === undefined || kind === before) return;
    if (before === undefined) this.kinds[field] = kind;
    // Lists and objects are documents together, and with anything else.
    else this.kinds[field] = isDocument(kind) || isDocument(before) ? 'document' : 'scalar';
  }
}

function isDocument(kind: ValueKind): boolean {
  return kind === 'list' || kind === 'document';
}

/** Undefined for null, which says nothing. */
function kindOf(byte: number): ValueKind | undefined {
  switch (byte) {
    case LETTER_N:
      return undefined;
    case LETTER_T:
    case LETTER_F:
      return 'boolean';
    case QUOTE:
      return 'string';
    case OPEN_LIST:
      return 'list';
    case OPEN_OBJECT:
      return 'document';
    default:
      return 'number';
  }
}
