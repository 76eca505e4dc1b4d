import type { Scratch } from './scratch.ts';
import { CLOSE_OBJECT, COLON, COMMA, escaped, missing, QUOTE, scanString, skipSpace } from './syntax.ts';

/** Walks through one object's members. Whoever walks says where each value ends, by setting `position` there. */
export class ObjectScanner {
  /** The key holds escapes. */
  keyEscaped = false;
  /** Where the value begins; at the end, behind the object. */
  position = 0;
  /** The key between its quotes. */
  private keyStart = 0;
  private keyEnd = 0;
  private bytes: Uint8Array = new Uint8Array(0);
  private end = 0;
  private first = true;

  /** Starts with the object at `at`, whose opening brace is known to be there. */
  begin(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.position = at + 1;
    this.end = end;
    this.first = true;
  }

  /**
   * Moves on to the next member; false: the object has ended.
   * @throws BrokenJson
   */
  next(): boolean {
    const { bytes, end } = this;
    let at = skipSpace(bytes, this.position, end);
    if (at < end && bytes[at] === CLOSE_OBJECT) {
      this.position = at + 1;
      return false;
    }
    if (!this.first) {
      if (at >= end || bytes[at] !== COMMA) throw missing('a comma or the end of the object', bytes, at, end);
      at = skipSpace(bytes, at + 1, end);
    }
    this.first = false;
    if (at >= end || bytes[at] !== QUOTE) throw missing('a key in quotes', bytes, at, end);
    this.keyStart = at + 1;
    this.keyEnd = scanString(bytes, at, end);
    this.keyEscaped = escaped;
    at = skipSpace(bytes, this.keyEnd + 1, end);
    if (at >= end || bytes[at] !== COLON) throw missing('a colon', bytes, at, end);
    this.position = skipSpace(bytes, at + 1, end);
    return true;
  }

  /** Where the member begins, with its key's quote. */
  get memberStart(): number {
    return this.keyStart - 1;
  }

  /** Whether the key is written with exactly these bytes. */
  keyIs(name: Uint8Array): boolean {
    const { bytes, keyStart } = this;
    if (this.keyEnd - keyStart !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (bytes[keyStart + i] !== name[i]) return false;
    return true;
  }

  /** Adds the key, unescaped. */
  writeKey(out: Scratch): void {
    if (this.keyEscaped) out.addUnescaped(this.bytes, this.keyStart, this.keyEnd);
    else out.addAll(this.bytes, this.keyStart, this.keyEnd);
  }
}
