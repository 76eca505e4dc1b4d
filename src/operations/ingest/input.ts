import { joinedFingerprint } from '../../fingerprint.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { type HashedSource, hashed } from '../../sources/hashed.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import type { RecordedSource } from '../ledger/ledger.ts';
import { type IdsOptions, idsBeside } from './ids-beside.ts';
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
  /** Whether it may be read whole, into a temporary file, where its format takes that; default yes. */
  spools?: boolean;
}

export interface OpenInput {
  file: OpenedFile;
  /** Bytes of what is cut into pieces, where known: for progress alone. */
  byteLength: number | undefined;
  /** SHA-256 of its bytes as they come, in hex, once they are read; where it was asked for. */
  sha256?: () => Promise<string>;
  close: () => Promise<void>;
}

/** An input that can be looked at before anything else is done. */
export interface CheckedInput extends Input {
  /** Opens it, so that what is wrong with it is known at once; the next to open it gets that, too. */
  check: (options: OpenInputOptions) => Promise<OpenInput>;
  /** Closes what was opened for nothing. */
  close: () => Promise<void>;
}

/** A named input, read as the options say, and with the ids that lie beside it. */
export function inputOf(
  named: NamedInput,
  options: Omit<InputOptions, 'ids'> & IdsOptions,
  reporter: Reporter,
  signal: AbortSignal,
): CheckedInput {
  let besides: Promise<NamedInput | undefined> | undefined;
  /** Looked for once, so that what is opened is what was described. */
  const idsInput = () => {
    besides ??= idsBeside(named, options).then((ids) => {
      if (ids !== undefined) reporter.note(`${ids.name} has the ids of ${named.name}`);
      return ids;
    });
    return besides;
  };
  let held: { opened: OpenInput; pieceLength: number | undefined } | undefined;
  const input: CheckedInput = {
    name: named.name,
    check: async (how) => {
      held = { opened: await input.open(how), pieceLength: how.pieceLength };
      return held.opened;
    },
    close: async () => held?.opened.close(),
    describe: async () => {
      const ids = await idsInput();
      const own = await fingerprintOf(named, reporter, signal);
      const fingerprint =
        ids === undefined ? own : joinedFingerprint(own, await fingerprintOf(ids, reporter, signal));
      return { name: named.location, ...(fingerprint && { fingerprint }) };
    },
    open: async ({ pieceLength, sum, spools }) => {
      const before = held;
      held = undefined;
      if (before?.pieceLength === pieceLength && before !== undefined) return before.opened;
      await before?.opened.close();
      let summed: HashedSource | undefined;
      const open: NamedInput['open'] = async (how) => {
        summed = hashed(await named.open(how));
        return summed.source;
      };
      const input = sum ? { ...named, open } : named;
      const how = { ...options, pieceLength, spools, ids: await idsInput() };
      const { source, file } = await openInput(input, how, reporter, signal);
      const close = () => source.close();
      return { file, byteLength: source.byteLength, close, ...(summed && { sha256: summed.sha256 }) };
    },
  };
  return input;
}
