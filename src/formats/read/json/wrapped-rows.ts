import { FieldNames } from './field-names.ts';
import { ObjectScanner } from './object-scanner.ts';
import { BrokenJson, OPEN_LIST, OPEN_OBJECT, scanValue, skipSpace } from './syntax.ts';

/**
 * What to do about a file that does not begin with a list, but with an object: it holds one a line, or is itself around
 * the list, as APIs answer.
 * @param bytes the file's beginning
 */
export function objectHint(bytes: Uint8Array, start: number): string {
  const key = keyOfObjects(bytes, start);
  if (key === undefined) return 'one object a line is --format jsonl';
  const path = /^[a-z_]\w*$/i.test(key) ? `.${key}[]` : '.["…"][]';
  return `the rows are the list under ${key}: jq -c '${path}' <file> | pgv ingest - --format jsonl -t <table>`;
}

/** The first key of the object whose value is a list of objects, where no other object follows it. */
function keyOfObjects(bytes: Uint8Array, start: number): string | undefined {
  const scanner = new ObjectScanner();
  const keys = new FieldNames([]);
  let found: string | undefined;
  try {
    scanner.begin(bytes, start, bytes.length);
    while (scanner.next()) {
      if (found === undefined && isListOfObjects(bytes, scanner.position)) found = keys.keyOf(scanner);
      scanner.position = scanValue(bytes, scanner.position, bytes.length);
    }
  } catch (error) {
    // It goes on behind what has been read of it.
    if (error instanceof BrokenJson) return found;
    throw error;
  }
  return skipSpace(bytes, scanner.position, bytes.length) < bytes.length ? undefined : found;
}

function isListOfObjects(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== OPEN_LIST) return false;
  return bytes[skipSpace(bytes, at + 1, bytes.length)] === OPEN_OBJECT;
}
