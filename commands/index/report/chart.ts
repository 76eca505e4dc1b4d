import { type Curve, paretoFront } from '../../../src/operations/index-tune/curves.ts';
import type { SweepPoint } from '../../../src/operations/index-tune/result.ts';
import { axes } from './axes.ts';
import { chartLabels } from './chart-labels.ts';
import { type Html, html } from './html.ts';
import { type Plane, planeFor } from './plane.ts';
import { bestSymbol, colourOf, nowSymbol, pointSymbol } from './symbols.ts';
import { tips } from './tips.ts';

/** Recall against latency: what is drawn of it, whatever its size. */
export interface Chart {
  /** In words, for those who do not see it. */
  description: string;
  k: number;
  target: number;
  /** Their points, together at least one, are what is in the chart. */
  curves: readonly Curve[];
  /** What searches use now. */
  current: SweepPoint | undefined;
  best: { point: SweepPoint; name: string } | undefined;
}

/** The drawing twice, in letters of one size: the page shows the one that fits the screen. */
export function recallChart(chart: Chart): Html {
  return html`${drawing(chart, 'wide', 880, 430)}
${drawing(chart, 'narrow', 360, 340)}`;
}

function drawing(chart: Chart, kind: 'wide' | 'narrow', width: number, height: number): Html {
  const { curves, target, current, best } = chart;
  const marked = [current, best?.point].filter((point) => point !== undefined);
  const plane = planeFor([...curves.flatMap(({ points }) => points), ...marked], target, width, height);
  const { area, heightOf, place } = plane;
  const front = paretoFront(curves.flatMap(({ points }) => points));
  return html`<svg class="${kind}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.description}">
<path class="front" d="${through(front, plane)}"/>
${axes(plane, chart.k)}
<line class="target" x1="${area.x}" x2="${area.x + area.width}" y1="${heightOf(target)}" y2="${heightOf(target)}"/>
${curves.map(({ points }, index) => curve(points, index, plane))}
${current && nowSymbol(...place(current))}
${best && bestSymbol(...place(best.point))}
${chartLabels(chart, plane)}
${tips(chart, plane)}
</svg>`;
}

function curve(points: readonly SweepPoint[], index: number, plane: Plane): Html {
  const intervals = points.map(({ recallLow, recallHigh, ...point }) => {
    const [x] = plane.place({ ...point, recallLow, recallHigh });
    const [low, high] = [plane.heightOf(recallLow), plane.heightOf(recallHigh)];
    return html`<path class="interval" d="M${x - 3},${low}h6M${x - 3},${high}h6M${x},${low}V${high}"/>`;
  });
  return html`<g class="${colourOf(index)}">${intervals}<path class="curve" d="${through(points, plane)}"/>
${points.map((point) => pointSymbol(index, ...plane.place(point)))}</g>`;
}

function through(points: readonly SweepPoint[], { place }: Plane): string {
  return points.map((point, index) => `${index > 0 ? 'L' : 'M'}${place(point).join(',')}`).join('');
}
