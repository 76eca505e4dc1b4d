import type { TextReader } from '../text-reader.ts';
import { fixedReader } from './fixed-reader.ts';

const words = new Map<string, number>([
  ...['t', 'true', 'y', 'yes', 'on', '1'].map((word) => [word, 1] as const),
  ...['f', 'false', 'n', 'no', 'off', '0'].map((word) => [word, 0] as const),
]);

export interface BooleanOptions {
  /** Takes only `true`, `false`, `t` and `f`. */
  canonical?: boolean;
}

export function booleanReader(options: BooleanOptions = {}): TextReader {
  return fixedReader<Uint8Array<ArrayBuffer>>({
    array: new Uint8Array(0),
    width: 1,
    store: (bytes, start, end, array, at) => {
      if (end - start > 5) return false;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
      const value = words.get(text.toLowerCase());
      if (value === undefined || (options.canonical && !/^[tf]/i.test(text))) return false;
      array[at] = value;
      return true;
    },
    column: (values, validity) => ({ kind: 'boolean', values, validity }),
  });
}
