import { type Chart, recallChart } from './chart.ts';
import { type Html, html } from './html.ts';
import { inlineSymbol } from './symbols.ts';

/** A chart with the names of its curves, and how it is read. */
export function recallFigure(chart: Chart): Html {
  const names = chart.curves.map(({ name }, index) => html`<li>${inlineSymbol(index)}${name}</li>`);
  return html`<figure>
${recallChart(chart)}
${names.length > 1 ? html`<ul class="key">${names}</ul>` : undefined}
<figcaption>Upright bars are 95 % confidence intervals. The pale band is the Pareto front: nothing that was measured is
faster and finds more. Both axes are logarithmic, recall in what is missed: near 1 it is drawn larger.</figcaption>
</figure>`;
}
