import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A made-up table of documents: id, text, jsonb and a vector of float32s in their shortest decimal form. */
export interface Corpus {
  rows: number;
  dimensions: number;
  path: string;
}

/** The corpus as a CSV file, written once to the temporary folder. The same numbers every time. */
export async function csvCorpus(rows: number, dimensions: number): Promise<Corpus> {
  const folder = path.join(os.tmpdir(), 'pgv-bench');
  mkdirSync(folder, { recursive: true });
  const corpus = { rows, dimensions, path: path.join(folder, `${rows}x${dimensions}.csv`) };
  if (!existsSync(corpus.path)) await write(corpus);
  return corpus;
}

async function write({ rows, dimensions, path: target }: Corpus): Promise<void> {
  const temporary = `${target}.${process.pid}`;
  const out = createWriteStream(temporary, { highWaterMark: 2 ** 20 });
  out.write('id,title,metadata,embedding\n');
  const random = generator(42);
  for (let id = 1; id <= rows; id++) {
    const vector = Array.from({ length: dimensions }, () => shortest((random() - 0.5) * 0.2));
    const title = `"Document ${id}, with a ""title"" and commas"`;
    const metadata = `"{""year"": ${1990 + (id % 35)}, ""language"": ""en""}"`;
    if (!out.write(`${id},${title},${metadata},"[${vector.join(',')}]"\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  renameSync(temporary, target);
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
