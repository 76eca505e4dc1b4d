import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { madeOnce, writeAll } from './files.ts';

/** A made-up table of documents: id, text, jsonb and a vector of float32s in their shortest decimal form. */
export interface Corpus {
  rows: number;
  dimensions: number;
  path: string;
}

const header = 'id,title,metadata,embedding\n';

/** The columns of such a table. */
export function corpusColumns(dimensions: number): string {
  return `id bigint PRIMARY KEY, title text, metadata jsonb, embedding vector(${dimensions})`;
}

/** The corpus as a CSV file, written once to the temporary folder. The same numbers every time. */
export async function csvCorpus(rows: number, dimensions: number): Promise<Corpus> {
  const file = await madeOnce(`${rows}x${dimensions}.csv`, (target) =>
    writeAll(target, lines(rows, dimensions)),
  );
  return { rows, dimensions, path: file };
}

/** The corpus in two files of equal size, each with the header. */
export async function halvesOf({ path: whole, rows, dimensions }: Corpus): Promise<[string, string]> {
  const middle = await lineEndAfter(whole, Math.floor((await stat(whole)).size / 2));
  const half = (name: string, head: string, range: { start: number; end?: number }) =>
    madeOnce(`${rows}x${dimensions}-${name}.csv`, (target) => writeAll(target, bytes(whole, head, range)));
  return [
    await half('first', '', { start: 0, end: middle }),
    await half('second', header, { start: middle + 1 }),
  ];
}

async function* bytes(
  file: string,
  head: string,
  range: { start: number; end?: number },
): AsyncGenerator<Buffer> {
  yield Buffer.from(head);
  yield* createReadStream(file, { ...range, highWaterMark: 2 ** 20 });
}

/** Where the next line feed is. No field of the corpus has one. */
async function lineEndAfter(file: string, offset: number): Promise<number> {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, offset);
  await handle.close();
  return offset + buffer.indexOf('\n');
}

function* lines(rows: number, dimensions: number): Generator<string> {
  yield header;
  const random = generator(42);
  for (let id = 1; id <= rows; id++) yield `${id}${restOfLine(id, dimensions, random)}`;
}

/** A row from the comma after its id on. */
function restOfLine(id: number, dimensions: number, random: () => number): string {
  const vector = Array.from({ length: dimensions }, () => shortest((random() - 0.5) * 0.2));
  const title = `"Document ${id}, with a ""title"" and commas"`;
  const metadata = `"{""year"": ${1990 + (id % 35)}, ""language"": ""en""}"`;
  return `,${title},${metadata},"[${vector.join(',')}]"\n`;
}

/**
 * A CSV file of any size in blocks of about 1 MiB: a thousand rows of the corpus over and over, under ids that run on.
 * @param size bytes, which the last row may go beyond
 */
export async function* endlessCsv(size: number, dimensions: number): AsyncGenerator<Buffer> {
  const random = generator(42);
  const rests = Array.from({ length: 1000 }, (_, id) => Buffer.from(restOfLine(id, dimensions, random)));
  let block = [Buffer.from(header)];
  let [written, inBlock] = [0, header.length];
  for (let id = 1; written + inBlock < size; id++) {
    const [number, rest] = [Buffer.from(String(id)), rests[id % rests.length]!];
    block.push(number, rest);
    inBlock += number.length + rest.length;
    if (inBlock < 2 ** 20) continue;
    yield Buffer.concat(block, inBlock);
    written += inBlock;
    [block, inBlock] = [[], 0];
  }
  yield Buffer.concat(block, inBlock);
}

/** The shortest decimal that reads back as the same float32, as NumPy and PostgreSQL print it. */
function shortest(value: number): string {
  const single = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(single.toPrecision(digits)));
    if (Math.fround(Number(text)) === single) return text;
  }
  return String(Number(single.toPrecision(9)));
}

/** A linear congruential generator: numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
