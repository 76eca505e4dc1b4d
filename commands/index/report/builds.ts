import { buildCurves, buildName, settingText } from '../../../src/operations/index-tune/curves.ts';
import type { BuildComparison, TuneResult } from '../../../src/operations/index-tune/result.ts';
import { bytes, count, duration } from '../../output/units.ts';
import { shareText } from '../sweep-text.ts';
import { recallFigure } from './figure.ts';
import { type Html, html } from './html.ts';
import { latency } from './numbers.ts';
import { colourOf } from './symbols.ts';

/** The indexes that were built on a sample, beside each other; nothing where none were. */
export function comparison({
  builds = [],
  failedBuilds = [],
  k,
  targetRecall,
}: TuneResult): Html | undefined {
  const curves = buildCurves(builds);
  if (curves.length === 0) return undefined;
  const fastest = fastestOf(builds);
  const rows = count(Math.max(...builds.map((build) => build.rows)));
  return html`<section>
<h2>Other indexes, on a sample of ${rows} rows</h2>
<p>${
    fastest?.best
      ? html`<strong>${buildName(fastest)}</strong> reaches the target in the shortest time: with ${settingText(fastest.best)} it finds
${shareText(fastest.best.recall)} in ${latency(fastest.best.p50Ms)}.`
      : html`None of them reaches recall ${targetRecall}.`
  } Compare them with each other: a search of the whole table takes longer and finds less.</p>
${recallFigure({
  description: `Recall@${k} of ${builds.length} indexes against the latency of a query; all measurements are in a table below`,
  k,
  target: targetRecall,
  curves,
  current: undefined,
  best: fastest?.best ? { point: fastest.best, name: 'fastest at the target' } : undefined,
})}
</section>
<section class="long">
<h2>What they would cost</h2>
<p>Size and build time for the whole table, reckoned from the sample; memory is what a build takes that does
not have to go to disk.</p>
${costs(builds, fastest)}
${failedBuilds.map(
  (build) => html`<p>${buildName(build)} cannot be built: ${build.reason}.</p>
`,
)}</section>
`;
}

function fastestOf(builds: readonly BuildComparison[]): BuildComparison | undefined {
  const reaching = builds.filter((build) => build.best !== null);
  return reaching.sort((a, b) => a.best!.p50Ms - b.best!.p50Ms)[0];
}

function costs(builds: readonly BuildComparison[], fastest: BuildComparison | undefined): Html {
  const largest = Math.max(...builds.map(({ whole }) => whole.bytes));
  const longest = Math.max(...builds.map(({ whole }) => whole.buildSeconds));
  const rows = builds.map((build) => {
    const { best, whole } = build;
    return html`<tr${build === fastest ? html` class="best"` : undefined}>
<th scope="row" class="name">${buildName(build)}</th>
<td class="note">${best ? settingText(best) : 'misses the target'}</td>
<td>${best ? shareText(best.recall) : '–'}</td>
<td>${best ? latency(best.p50Ms) : '–'}</td>
<td class="bar">${bar(0, whole.bytes / largest)}${bytes(whole.bytes)}</td>
<td class="bar">${bar(1, whole.buildSeconds / longest)}${duration(whole.buildSeconds)}</td>
<td>${bytes(whole.memory)}</td>
</tr>
`;
  });
  return html`<div class="scroll" role="region" aria-label="Costs of the indexes" tabindex="0"><table>
<thead><tr><th scope="col">index</th><th scope="col" class="note">at the target</th><th scope="col">recall</th><th scope="col">p50</th>
<th scope="col" class="note">size</th><th scope="col" class="note">build time</th><th scope="col">memory</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

/** @param length 0 to 1 */
function bar(colour: number, length: number): Html {
  const percent = Math.max(1, 100 * (length || 0)).toFixed(1);
  return html`<svg class="${colourOf(colour)}" aria-hidden="true"><rect width="${percent}%" height="8" rx="2"/></svg>`;
}
