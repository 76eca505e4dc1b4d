import { UsageError } from '../../errors.ts';
import { type Fingerprint, fingerprint } from '../../fingerprint.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import type { Source } from '../../source.ts';
import { decompressed } from '../../sources/decompress.ts';
import { decodedText, encodingName } from '../../sources/encoding.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { spoolDirectory, spooled } from '../../sources/spool.ts';
import { chooseFormat, refuseDataset } from './choose-format.ts';

export interface InputOptions extends Omit<OpenOptions, 'spool' | 'ids'> {
  /** A format's name; left out, the file's name and its first bytes tell. */
  format?: string | undefined;
  /** Of a text that is not UTF-8: a name that TextDecoder knows. */
  encoding?: string | undefined;
  /** The file that lies beside it and has the ids of its rows. */
  ids?: NamedInput | undefined;
  /** Whether it may be read whole, into a temporary file, where its format takes that; default yes. */
  spools?: boolean | undefined;
}

/** An input was to be opened without reading it whole, and cannot be. */
export class WouldSpool extends Error {}

export interface OpenedInput {
  /** The bytes as they come, compressed or not; `source` closes it. */
  raw: Source;
  /** What the format reads. */
  source: Source;
  file: OpenedFile;
}

/**
 * Opens an input: decompresses it, finds its format, decodes its text, and keeps it in a temporary file where the format
 * has to seek and the input cannot. When the signal fires it is closed, so that whoever waits for its bytes waits no more.
 * @throws UsageError, DataError, DatabaseError; nothing is then left open
 */
export async function openInput(
  input: NamedInput,
  options: InputOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<OpenedInput> {
  const raw = await openRaw(input, reporter, signal);
  let source = raw;
  let ids: Source | undefined;
  const keep = async (stream: Source): Promise<Source> => {
    if (options.spools === false) throw new WouldSpool(`${stream.name} has to be read whole`);
    return spoolFor(stream, reporter, signal);
  };
  const spool = async (stream: Source): Promise<Source> => {
    source = await keep(stream);
    return source;
  };
  try {
    const { format, whole } = await chooseFormat(await decompressed(raw), input, options);
    refuseDataset(format, options.dataset);
    source = await inUtf8(whole, format, options.encoding);
    ids = format.idsBeside && options.ids && (await openIds(options.ids, keep, reporter, signal));
    if ((format.seeks || ids) && source.readAt === undefined) await spool(source);
    const file = await format.open(source, { ...options, spool, ids });
    return { raw, source: ids === undefined ? source : together(source, ids), file };
  } catch (error) {
    await ids?.close();
    await source.close();
    throw error;
  }
}

/** A file of ids as a plain one. */
async function openIds(
  input: NamedInput,
  keep: (stream: Source) => Promise<Source>,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Source> {
  const raw = await openRaw(input, reporter, signal);
  try {
    const source = await decompressed(raw);
    return source.readAt === undefined ? await keep(source) : source;
  } catch (error) {
    await raw.close();
    throw error;
  }
}

/** Of both lengths, and closing both. */
function together(source: Source, ids: Source): Source {
  return {
    ...source,
    byteLength: source.byteLength! + ids.byteLength!,
    close: async () => {
      await ids.close();
      await source.close();
    },
  };
}

/** What an input is known again by; undefined for one that can be read only once. */
export async function fingerprintOf(
  input: NamedInput,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Fingerprint | undefined> {
  if (input.once) return undefined;
  const source = await openRaw(input, reporter, signal);
  try {
    return await fingerprint(source);
  } finally {
    await source.close();
  }
}

/** An input as it comes, closed when the signal fires. */
async function openRaw(input: NamedInput, { note }: Reporter, signal: AbortSignal): Promise<Source> {
  const source = await input.open({ note, signal });
  const end = () => void source.close().catch(() => {});
  signal.addEventListener('abort', end, { once: true });
  return {
    ...source,
    close: async () => {
      signal.removeEventListener('abort', end);
      await source.close();
    },
  };
}

function inUtf8(source: Source, format: ReadFormat, encoding: string | undefined): Promise<Source> | Source {
  if (encoding === undefined) return source;
  if (!format.text) {
    throw new UsageError(`--encoding says how text is written, and the format is ${format.name}`, {
      hint: 'leave --encoding out',
    });
  }
  // Formats read UTF-8, and say where it is none.
  return encodingName(encoding) === 'utf-8' ? source : decodedText(source, encoding);
}

async function spoolFor(source: Source, reporter: Reporter, signal: AbortSignal): Promise<Source> {
  reporter.note(
    `the format is not read from front to back: ${source.name} goes into a temporary file in ${spoolDirectory()}`,
  );
  const kept = await spooled(source, {
    onProgress: (bytes) => reporter.progress({ phase: 'spooling', bytes }),
    signal,
  });
  reporter.note(`the temporary file holds ${kept.byteLength!.toLocaleString('en')} bytes`);
  return kept;
}
