import type { BytesColumn } from '../batch.ts';
import { copyBytes } from '../copy-bytes.ts';
import { grown, Offsets, Validity } from '../growing.ts';
import { TAKEN, type TextReader, UNSURE, type Verdict } from '../text-reader.ts';

/**
 * How one field's text becomes the bytes of its value: written to `out` from `at` on.
 * @returns where they end, or −1 where PostgreSQL should read the text itself
 */
type Transform = (bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number) => number;

/** text, varchar, char, enum labels, json: the field's bytes as they are. PostgreSQL checks their encoding. */
export function utf8Reader(): TextReader {
  return new BytesReader('utf8');
}

/** A value that is in PostgreSQL's binary form already: its bytes as they are. */
export function passingReader(): TextReader {
  return new BytesReader('raw');
}

/** The type name: up to 63 bytes as they are; PostgreSQL cuts longer ones off where it reads text, and only there. */
export function nameReader(): TextReader {
  return new BytesReader('utf8', (bytes, start, end, out, at) =>
    end - start > 63 ? -1 : copyBytes(bytes, start, end, out, at),
  );
}

/** The field's bytes as they are, once `typed` has taken them too: for text that PostgreSQL reads less strictly. */
export function checkedText(typed: TextReader): TextReader {
  const text = utf8Reader();
  return {
    read: (bytes, start, end) => {
      const verdict = typed.read(bytes, start, end);
      return verdict === TAKEN ? text.read(bytes, start, end) : verdict;
    },
    readNull: () => text.readNull(),
    take: () => {
      typed.take();
      return text.take();
    },
    get problem() {
      return typed.problem;
    },
  };
}

/** jsonb: likewise; PostgreSQL parses the document. */
export function jsonReader(): TextReader {
  return new BytesReader('json');
}

/** A type whose binary value is made from the text by `transform`, which needs at most `room` bytes a value. */
export function rawReader(transform: Transform, room: (textLength: number) => number): TextReader {
  return new BytesReader('raw', transform, room);
}

class BytesReader implements TextReader {
  readonly problem = undefined;
  private bytes = new Uint8Array(4096);
  private used = 0;
  private readonly offsets = new Offsets();
  private readonly validity = new Validity();
  private readonly kind: BytesColumn['kind'];
  private readonly transform: Transform;
  private readonly room: (textLength: number) => number;

  constructor(
    kind: BytesColumn['kind'],
    transform: Transform = copyBytes,
    room = (length: number) => length,
  ) {
    this.kind = kind;
    this.transform = transform;
    this.room = room;
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    this.bytes = grown(this.bytes, this.used + this.room(end - start));
    const stop = this.transform(bytes, start, end, this.bytes, this.used);
    if (stop < 0) return UNSURE;
    this.used = stop;
    this.validity.addValue();
    this.offsets.add(stop);
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.offsets.add(this.used);
  }

  take(): BytesColumn {
    const bytes = this.bytes.subarray(0, this.used);
    this.used = 0;
    return { kind: this.kind, offsets: this.offsets.take(), bytes, validity: this.validity.take() };
  }
}
