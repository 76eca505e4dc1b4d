import { UsageError } from '../../src/errors.ts';
import { type Sink, writeTo } from '../io.ts';
import { jsonPieces } from './json.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';

/** Where a command's answer goes: stdout for data, stderr for what is said about it. */
export interface Output {
  /** True with --json: the answer is one document, see `document`. */
  readonly json: boolean;
  /** Colours for what is written to stdout. */
  readonly style: Style;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Writes to stdout, done when the reader has taken it. */
  write(data: string | Uint8Array): Promise<void>;
  /** Writes pieces one after the other, texts gathered into slices: all of them may be more than one string can hold. */
  writeAll(pieces: Iterable<string> | Iterable<Uint8Array>): Promise<void>;
  /** The answer under --json. Call it once, at the end. */
  document(value: unknown): Promise<void>;
  /** Rows as a table on stdout, as wide as the terminal. */
  table(columns: readonly Column[], rows: readonly (readonly unknown[])[]): Promise<void>;
  /**
   * What a command that writes has done: under --json the document on stdout, else the line on stderr
   * (nothing with --quiet).
   */
  summary(document: unknown, line: string): Promise<void>;
  /** Throws a UsageError where binary data would go to a terminal. */
  refuseBinaryOnTerminal(): void;
}

export interface OutputSettings {
  stdout: Sink;
  json: boolean;
  style: Style;
  /** Takes the progress display off the terminal, before data is written there. */
  hideProgress: () => void;
  /** A line on stderr, which --quiet leaves out. */
  note: (line: string) => void;
}

/** Characters that are gathered before they are written. */
const sliceLength = 2 ** 16;

export function createOutput(settings: OutputSettings): Output {
  const { stdout, json, style, note } = settings;
  const isTerminal = stdout.isTTY === true;

  const write = (data: string | Uint8Array): Promise<void> => {
    if (isTerminal) settings.hideProgress();
    return writeTo(stdout, data);
  };
  const writeAll = async (pieces: Iterable<string> | Iterable<Uint8Array>): Promise<void> => {
    let slice = '';
    for (const piece of pieces) {
      if (typeof piece !== 'string') {
        await write(piece);
        continue;
      }
      slice += piece;
      if (slice.length < sliceLength) continue;
      await write(slice);
      slice = '';
    }
    if (slice !== '') await write(slice);
  };
  const document = (value: unknown): Promise<void> => writeAll(jsonPieces(value));

  return {
    json,
    style,
    isTerminal,
    write,
    writeAll,
    document,
    table: (columns, rows) => {
      const width = isTerminal ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
      return writeAll(tableLines(columns, rows, { width, style }));
    },
    summary: async (value, line) => {
      if (json) await document(value);
      else note(line);
    },
    refuseBinaryOnTerminal: () => {
      if (!isTerminal) return;
      throw new UsageError('binary data is not written to a terminal', {
        hint: 'name a file with -o, or send the output into a pipe',
      });
    },
  };
}
