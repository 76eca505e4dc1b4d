import type { ObjectScanner } from './object-scanner.ts';
import { Scratch } from './scratch.ts';

/** No field has this key. */
export const UNKNOWN = -1;

/** Finds the field of a key: by its place in the object first, as most objects of a file are built alike. */
export class FieldNames {
  private readonly fields: Map<string, number>;
  private readonly bytes: readonly Uint8Array[];
  /** By place in the object: the field that was there last. */
  private readonly order: number[];
  private readonly scratch = new Scratch();

  constructor(names: readonly string[]) {
    this.fields = new Map(names.map((name, field) => [name, field]));
    this.bytes = names.map((name) => Buffer.from(name));
    this.order = names.map((_, field) => field);
  }

  /** The field of the key that the scanner is at, which is member `place` of its object; or UNKNOWN. */
  find(scanner: ObjectScanner, place: number): number {
    const likely = this.order[place];
    if (likely !== undefined && !scanner.keyEscaped && scanner.keyIs(this.bytes[likely]!)) return likely;
    const field = this.fields.get(this.keyOf(scanner));
    if (field === undefined) return UNKNOWN;
    if (place < this.order.length) this.order[place] = field;
    return field;
  }

  keyOf(scanner: ObjectScanner): string {
    const { scratch } = this;
    scratch.clear();
    scanner.writeKey(scratch);
    return Buffer.from(scratch.bytes.buffer, 0, scratch.length).toString('utf8');
  }
}
