import {
  buildCurves,
  type Curve,
  curvesOf,
  paretoFront,
  settingText,
} from '../../../src/operations/index-tune/curves.ts';
import type { SweepPoint, TuneResult } from '../../../src/operations/index-tune/result.ts';
import { shareText } from '../sweep-text.ts';
import { type Html, html } from './html.ts';
import { latency } from './numbers.ts';

/** All that was measured, as a table. */
export function measurements({ sweep, builds = [], current, recommendation, k }: TuneResult): Html {
  return html`<section class="long">
<h2>All measurements</h2>
<div class="scroll" role="region" aria-label="All measurements" tabindex="0"><table>
<thead><tr><th scope="col">setting</th><th scope="col">recall@${k}</th><th scope="col">95 % confidence</th>
<th scope="col">p50</th><th scope="col">p95</th><th scope="col">queries</th><th scope="col" class="note"></th></tr></thead>
<tbody>
${recommendation ? row(recommendation, 'recommended', 'best') : undefined}${row(current, 'now')}</tbody>
${groups(curvesOf(sweep))}
${groups(buildCurves(builds), 'on a sample')}
</table></div>
</section>
`;
}

/** The points of a chart's curves, each curve under its name. */
function groups(curves: readonly Curve[], where?: string): Html[] {
  const front = new Set(paretoFront(curves.flatMap(({ points }) => points)));
  return curves.map(
    ({ name, points }) => html`<tbody>
<tr class="group"><th scope="rowgroup" colspan="7">${name}${where && html` <span class="muted">${where}</span>`}</th></tr>
${points.map((point) => row(point, curves.length > 1 && front.has(point) ? 'Pareto front' : ''))}</tbody>
`,
  );
}

function row(point: SweepPoint, note: string, className = ''): Html {
  return html`<tr class="${className}"><th scope="row">${settingText(point)}</th><td>${shareText(point.recall)}</td>
<td>${shareText(point.recallLow)} to ${shareText(point.recallHigh)}</td><td>${latency(point.p50Ms)}</td><td>${latency(point.p95Ms)}</td>
<td>${point.queries}</td><td class="note">${note}</td></tr>
`;
}
