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
  /** The first object that is broken, and so left out: its record's number in the file, from 1. */
  broken: { row: number; error: BrokenJson } | undefined;
}

/** Objects that mapping and types are decided by. */
const sampleObjects = 1000;

/** Reads the sample from whole records, as far as it can be told where they end. */
export function readSample(head: Buffer, frame: Frame): Sample {
  const sampler = new Sampler();
  let broken: Sample['broken'];
  let position = 0;
  for (let row = 1; position < head.length && sampler.count < sampleObjects; row++) {
    const first = row === 1;
    try {
      const start = frame.begin(head, position, first);
      if (start < 0) position = frame.limit;
      else {
        position = frame.finish(head, sampler.readObject(head, start, frame.limit));
        sampler.keep();
      }
    } catch (error) {
      if (!(error instanceof BrokenJson)) throw error;
      broken ??= { row, error };
      const extent = frame.extent(head, position, first);
      if (extent === undefined) break;
      position = extent.end;
    }
  }
  return sampler.result(broken);
}

interface Member {
  key: string;
  text: string | null;
  kind: ValueKind | undefined;
}

class Sampler {
  private readonly rows: (string | null)[][] = [];
  private readonly names = new Map<string, number>();
  private readonly kinds: (ValueKind | undefined)[] = [];
  private readonly scanner = new ObjectScanner();
  private readonly keys = new FieldNames([]);
  private readonly scratch = new Scratch();
  /** Of the object read last. */
  private members: Member[] = [];

  /** Objects that were kept. */
  get count(): number {
    return this.rows.length;
  }

  /** Reads the object at `start`; returns where it ends. */
  readObject(bytes: Buffer, start: number, limit: number): number {
    const { scanner } = this;
    this.members = [];
    scanner.begin(bytes, start, limit);
    while (scanner.next()) {
      const key = this.keys.keyOf(scanner);
      const at = scanner.position;
      scanner.position = scanValue(bytes, at, limit);
      this.members.push({ key, text: this.textOf(bytes, at, scanner.position), kind: kindOf(bytes[at]!) });
    }
    return scanner.position;
  }

  /** Takes the object read last, which has turned out to be whole, into the sample. */
  keep(): void {
    const row: (string | null)[] = [];
    for (const { key, text, kind } of this.members) {
      const field = this.names.get(key) ?? this.names.size;
      this.names.set(key, field);
      row[field] = text;
      this.addKind(field, kind);
    }
    this.rows.push(row);
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
