import type { BatchResult } from '../../src/operations/search/batch.ts';
import type { Hit } from '../../src/operations/search/hits.ts';
import type { SearchResult } from '../../src/operations/search/search.ts';
import { csvRecord } from '../output/csv.ts';
import { jsonLine } from '../output/json.ts';
import type { Output } from '../output/output.ts';
import { ivecs, trec } from './evaluation.ts';

export const hitsFormats = ['table', 'jsonl', 'csv', 'ivecs', 'trec'] as const;
export type HitsFormat = (typeof hitsFormats)[number];

/** What every result has. */
interface Summary {
  table: string;
  k: number;
  columns: readonly string[];
}

interface Answer {
  query: number;
  hits: readonly Hit<number | null>[];
}

/** Writes hits to stdout. @param numbered each with its query's number */
export function showHits(
  summary: Summary,
  answers: readonly Answer[],
  numbered: boolean,
  format: HitsFormat,
  output: Output,
): Promise<void> {
  if (format === 'ivecs') return output.write(ivecs(answers, summary.k));
  if (format === 'trec') return output.write(trec(answers));
  if (format === 'jsonl') {
    const [inLine, alone] = [hitDocument(summary, ['query']), hitDocument(summary)];
    const lines = answers.flatMap(({ query, hits }) =>
      hits.map((hit) => jsonLine(numbered ? { query, ...inLine(hit) } : alone(hit))),
    );
    return output.write(lines.join(''));
  }
  const names = [...(numbered ? ['query'] : []), 'id', 'distance', 'score', ...summary.columns];
  const rows = (print: (value: number | null) => number | null) =>
    answers.flatMap(({ query, hits }) =>
      hits.map(({ id, distance, score, values }) => [
        ...(numbered ? [query] : []),
        id,
        print(distance),
        print(score),
        ...values,
      ]),
    );
  if (format === 'csv') return output.write([names, ...rows((value) => value)].map(csvRecord).join(''));
  return output.table(
    names.map((name) => ({ name })),
    rows(rounded),
  );
}

/** One search as the promise has it. */
export function document({ hits, columns, ...summary }: SearchResult<number | null>) {
  return { ...summary, hits: hits.map(hitDocument({ columns, ...summary })) };
}

/** A batch as the promise has it. */
export function batchDocument({ queries, columns, ...summary }: BatchResult) {
  const hit = hitDocument({ columns, ...summary });
  return { ...summary, queries: queries.map(({ query, hits }) => ({ query, hits: hits.map(hit) })) };
}

/**
 * A hit's own fields, then the columns; one that is called like a field is `table.column`.
 * @param besides fields that stand beside the hit's own
 */
function hitDocument(
  { table, columns }: Summary,
  besides: string[] = [],
): (hit: Hit<number | null>) => object {
  const own = new Set(['id', 'distance', 'score', ...besides]);
  const names = columns.map((name) => (own.has(name) ? `${table}.${name}` : name));
  if (names.length === 0) return ({ id, distance, score }) => ({ id, distance, score });
  return ({ id, distance, score, values }) => ({
    id,
    distance,
    score,
    ...Object.fromEntries(names.map((name, i) => [name, values[i]])),
  });
}

/** For people: seven digits are all that a distance of float32 vectors has. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
