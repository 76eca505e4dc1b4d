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
  if (format === 'ivecs') return output.writeAll(ivecs(answers, summary.k));
  if (format === 'trec') return output.writeAll(trec(answers));
  if (format === 'jsonl') return output.writeAll(jsonLines(summary, answers, numbered));
  const besides = numbered ? ['query'] : [];
  const names = [...besides, 'id', 'distance', 'score', ...columnNames(summary, besides)];
  if (format === 'csv') return output.writeAll(csvLines(names, answers, numbered));
  return output.table(
    names.map((name) => ({ name })),
    [...records(answers, numbered, rounded)],
  );
}

function* jsonLines(summary: Summary, answers: readonly Answer[], numbered: boolean): Generator<string> {
  const fields = hitDocument(summary, numbered ? ['query'] : []);
  for (const { query, hits } of answers) {
    for (const hit of hits) yield jsonLine(numbered ? { query, ...fields(hit) } : fields(hit));
  }
}

function* csvLines(names: string[], answers: readonly Answer[], numbered: boolean): Generator<string> {
  yield csvRecord(names);
  for (const record of records(answers, numbered, (value) => value)) yield csvRecord(record);
}

function* records(
  answers: readonly Answer[],
  numbered: boolean,
  print: (value: number | null) => number | null,
): Generator<unknown[]> {
  for (const { query, hits } of answers) {
    for (const { id, distance, score, values } of hits) {
      yield [...(numbered ? [query] : []), id, print(distance), print(score), ...values];
    }
  }
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
 * A hit's own fields, then the columns.
 * @param besides fields that stand beside the hit's own
 */
function hitDocument(summary: Summary, besides: string[] = []): (hit: Hit<number | null>) => object {
  const names = columnNames(summary, besides);
  if (names.length === 0) return ({ id, distance, score }) => ({ id, distance, score });
  return ({ id, distance, score, values }) => ({
    id,
    distance,
    score,
    ...Object.fromEntries(names.map((name, i) => [name, values[i]])),
  });
}

/** What columns are called beside a hit's own fields: one that is called like these is `table.column`. */
function columnNames({ table, columns }: Summary, besides: readonly string[]): string[] {
  const own = new Set(['id', 'distance', 'score', ...besides]);
  return columns.map((name) => (own.has(name) ? `${table}.${name}` : name));
}

/** For people: seven digits are all that a distance of float32 vectors has. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
