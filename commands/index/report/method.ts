import type { TuneResult } from '../../../src/operations/index-tune/result.ts';
import { duration } from '../../output/units.ts';
import { type Html, html } from './html.ts';

/** What a report tells besides the result. */
export interface ReportFacts {
  /** Of pgv. */
  version: string;
  /** `PostgreSQL 17.11, pgvector 0.8.0`. */
  server: string;
  /** When the measurement ended. */
  date: Date;
}

/** How it was measured, so that it can be trusted, and done again. */
export function method(result: TuneResult, { version, server, date }: ReportFacts): Html {
  const { k, builds = [], planned, queriesFrom, newVectorsLose, seconds } = result;
  const items = [
    html`<strong>Queries</strong> ${
      queriesFrom === 'rows'
        ? 'are vectors of random rows of the table, each left out of its own answer'
        : 'came from a file'
    }. Some of them chose the setting; what is told of it was measured on the others.`,
    html`<strong>Recall@${k}</strong> is the share of the ${k} nearest rows that a search finds, as the mean over the queries. A row that is
as near as the ${ordinal(k)} counts as one of them.`,
    html`<strong>Exact answers</strong> come from all vectors, compared with all queries in one pass, without an index.`,
    html`<strong>Confidence</strong>: Wilson’s score interval, with as many answers as the spread between queries says are independent.`,
    html`<strong>Latency</strong> is that of one query after the other on one connection, the way to the server and back included.
Settings take turns, so that a busy moment meets them all.`,
    ...(planned ? [html`<strong>Plans</strong> were looked at: every search uses the index.`] : []),
    html`<strong>Recommended</strong> is the cheapest setting whose interval lies at or above the target.`,
    ...(newVectorsLose === undefined
      ? []
      : [
          html`<strong>New vectors</strong> find less than rows of the table do, which come upon themselves in the graph: by ${newVectorsLose.toFixed(3)}
at the recommended setting, as a sample shows, built without the rows that searched it. The recommendation makes up for it.`,
        ]),
    ...(builds.length > 0
      ? [
          html`<strong>Other indexes</strong> were built on a sample of the table, measured in the same way, and removed.`,
        ]
      : []),
  ];
  return html`<section class="method">
<h2>Method</h2>
<ul>
${items.map((item) => html`<li>${item}</li>\n`)}</ul>
<p class="muted">pgv ${version}, ${server}, ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC, in ${duration(seconds)}.</p>
</section>
`;
}

function ordinal(k: number): string {
  const ending = k % 100 >= 11 && k % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][k % 10] ?? 'th');
  return `${k}${ending}`;
}
