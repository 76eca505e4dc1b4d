import { UsageError } from '../../src/errors.ts';
import type { Hit } from '../../src/operations/search/hits.ts';

interface Answer {
  query: number;
  hits: readonly Hit<number | null>[];
}

/**
 * The ids as ivecs (http://corpus-texmex.irisa.fr): for each query its k as int32, then k ids as int32, little-endian.
 * Where a query has fewer hits, −1 stands for those that are missing, as Faiss has it: every record is of one length.
 * @throws UsageError where an id is no int32
 */
export function ivecs(answers: readonly Answer[], k: number): Uint8Array {
  const records = new DataView(new ArrayBuffer(answers.length * (k + 1) * 4));
  let at = 0;
  const put = (value: number) => {
    records.setInt32(at, value, true);
    at += 4;
  };
  for (const { hits } of answers) {
    put(k);
    for (let i = 0; i < k; i++) put(i < hits.length ? int32(hits[i]!.id) : -1);
  }
  return new Uint8Array(records.buffer);
}

function int32(id: unknown): number {
  if (typeof id === 'number' && id === (id | 0)) return id;
  throw new UsageError(`id ${JSON.stringify(id)} is no integer of 32 bits, which ivecs holds`, {
    code: 'bad-id',
    hint: 'choose --format trec or jsonl',
  });
}

/**
 * A run as trec_eval reads it (https://github.com/usnistgov/trec_eval): query, Q0, id, rank, score and the run's name,
 * which are what lies between blanks.
 * @throws UsageError where an id holds a blank
 */
export function trec(answers: readonly Answer[]): string {
  const line = (query: number, { id, score }: Hit<number | null>, i: number) =>
    `${query} Q0 ${withoutBlank(id)} ${i + 1} ${score} pgv\n`;
  return answers.flatMap(({ query, hits }) => hits.map((hit, i) => line(query, hit, i))).join('');
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
