import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { type HashedSource, hashed } from '../../sources/hashed.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import type { RecordedSource } from '../ledger/ledger.ts';
import { fingerprintOf, type InputOptions, openInput } from './open-input.ts';

/** One file of a run, a URL or stdin. */
export interface Input {
  /** As messages call it. */
  name: string;
  /** What the ledger knows it by. Reads no more than some blocks. */
  describe: () => Promise<RecordedSource>;
  /** Opens it at its beginning: a file as often as is asked, a stream once. */
  open: (options: OpenInputOptions) => Promise<OpenInput>;
}

export interface OpenInputOptions {
  /** Bytes a piece; undefined: what serves speed. A load keeps to what it began with. */
  pieceLength: number | undefined;
  /** Whether the sum of its bytes is wanted; default no. */
  sum?: boolean;
}

export interface OpenInput {
  file: OpenedFile;
  /** Bytes of what is cut into pieces, where known: for progress alone. */
  byteLength: number | undefined;
  /** SHA-256 of its bytes as they come, in hex, once they are read; where it was asked for. */
  sha256?: () => Promise<string>;
  close: () => Promise<void>;
}

/** A named input, read as the options say. */
export function inputOf(
  named: NamedInput,
  options: InputOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Input {
  return {
    name: named.name,
    describe: async () => {
      const fingerprint = await fingerprintOf(named, reporter, signal);
      return { name: named.location, ...(fingerprint && { fingerprint }) };
    },
    open: async ({ pieceLength, sum }) => {
      let summed: HashedSource | undefined;
      const open: NamedInput['open'] = async (how) => {
        summed = hashed(await named.open(how));
        return summed.source;
      };
      const input = sum ? { ...named, open } : named;
      const { source, file } = await openInput(input, { ...options, pieceLength }, reporter, signal);
      const close = () => source.close();
      return { file, byteLength: source.byteLength, close, ...(summed && { sha256: summed.sha256 }) };
    },
  };
}
