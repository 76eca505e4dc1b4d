import { UsageError } from '../../src/errors.ts';
import type { Hit } from '../../src/operations/search/hits.ts';

interface Answer {
  query: number;
  hits: readonly Hit<number | null>[];
}

/** Bytes of ivecs that are written at once. */
const partBytes = 2 ** 16;

/**
 * The ids as ivecs (http://corpus-texmex.irisa.fr), in parts: for each query its k as int32, then k ids as int32,
 * little-endian. Where a query has fewer hits, −1 stands for those that are missing, as Faiss has it: every record is of
 * one length.
 * @throws UsageError where an id is no int32, before there is a part
 */
export function ivecs(answers: readonly Answer[], k: number): Iterable<Uint8Array> {
  for (const { hits } of answers) for (const { id } of hits) int32(id);
  return ivecsParts(answers, k);
}

function* ivecsParts(answers: readonly Answer[], k: number): Generator<Uint8Array> {
  let part = new DataView(new ArrayBuffer(partBytes));
  let at = 0;
  for (const number of ivecsNumbers(answers, k)) {
    part.setInt32(at, number, true);
    at += 4;
    if (at < partBytes) continue;
    yield new Uint8Array(part.buffer);
    part = new DataView(new ArrayBuffer(partBytes));
    at = 0;
  }
  yield new Uint8Array(part.buffer, 0, at);
}

function* ivecsNumbers(answers: readonly Answer[], k: number): Generator<number> {
  for (const { hits } of answers) {
    yield k;
    for (let i = 0; i < k; i++) yield i < hits.length ? int32(hits[i]!.id) : -1;
  }
}

function int32(id: unknown): number {
  if (typeof id === 'number' && id === (id | 0)) return id;
  throw new UsageError(`id ${JSON.stringify(id)} is no integer of 32 bits, which ivecs holds`, {
    code: 'bad-id',
    hint: 'choose --format trec or jsonl',
  });
}

/**
 * A run as trec_eval reads it (https://github.com/usnistgov/trec_eval), line by line: query, Q0, id, rank, score and the
 * run's name, which are what lies between blanks. A hit without a score has no place in it.
 * @throws UsageError where an id holds a blank, before there is a line
 */
export function trec(answers: readonly Answer[]): Iterable<string> {
  for (const { hits } of answers) for (const { id } of hits) withoutBlank(id);
  return trecLines(answers);
}

function* trecLines(answers: readonly Answer[]): Generator<string> {
  for (const { query, hits } of answers) {
    let rank = 0;
    for (const { id, score } of hits) {
      if (!Number.isNaN(score)) yield `${query} Q0 ${withoutBlank(id)} ${++rank} ${score} pgv\n`;
    }
  }
}

function withoutBlank(id: unknown): string {
  if (id === null) {
    throw new UsageError('the table has no primary key, by which a run of TREC names rows', {
      code: 'no-key',
      hint: 'choose --format jsonl',
    });
  }
  const text = typeof id === 'string' ? id : JSON.stringify(id);
  if (text !== '' && !/\s/.test(text)) return text;
  throw new UsageError(`id ${JSON.stringify(id)} holds a blank, which ends it in a run of TREC's`, {
    code: 'bad-id',
    hint: 'choose --format jsonl',
  });
}
