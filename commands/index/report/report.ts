import { curvesOf } from '../../../src/operations/index-tune/curves.ts';
import type { TuneResult } from '../../../src/operations/index-tune/result.ts';
import { count } from '../../output/units.ts';
import { comparison } from './builds.ts';
import { recallFigure } from './figure.ts';
import { type Html, html } from './html.ts';
import { method, type ReportFacts } from './method.ts';
import { measurements } from './points.ts';
import { recommendation } from './recommendation.ts';
import { stylesheet } from './stylesheet.ts';

/**
 * What `index tune` found, as one page of HTML that holds all it shows: it needs no network and runs no script, and the
 * policy that it begins with forbids both.
 */
export function renderReport(result: TuneResult, facts: ReportFacts): string {
  const { index, k, targetRecall: target, recommendation: best, current, sweep } = result;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="pgv ${facts.version}">
<link rel="icon" href="data:,">
<title>${index}: recall and latency</title>
<style>${stylesheet}</style>
</head>
<body>
<main>
${heading(result)}
${recommendation(result)}
<section>
<h2>Recall against latency</h2>
${recallFigure({
  description: `Recall@${k} of ${index} against the latency of a query; all measurements are in a table below`,
  k,
  target,
  curves: curvesOf(sweep),
  current,
  best: best ? { point: best, name: 'recommended' } : undefined,
})}
</section>
${comparison(result)}
${measurements(result)}
${method(result, facts)}
</main>
</body>
</html>
`.text;
}

function heading({
  index,
  database,
  table,
  column,
  type,
  metric,
  rows,
  where,
  targetRecall,
  k,
}: TuneResult): Html {
  const facts = {
    Table: `${table} (${column})`,
    Index: `${type}, ${metric}`,
    Rows: count(rows),
    Target: `recall@${k} of ${targetRecall}`,
    Database: database,
    ...(where !== null && { Filter: where }),
  };
  return html`<p class="over">pgv index tune</p>
<h1>${index.split(/(?<=[_.-])/).map((part) => html`${part}<wbr>`)}</h1>
<dl class="facts">
${Object.entries(facts).map(([name, value]) => html`<div><dt>${name}</dt><dd>${name === 'Filter' ? html`<code>${value}</code>` : value}</dd></div>\n`)}</dl>`;
}
