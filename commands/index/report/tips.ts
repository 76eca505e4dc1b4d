import { settingText } from '../../../src/operations/index-tune/curves.ts';
import type { SweepPoint } from '../../../src/operations/index-tune/result.ts';
import { shareText } from '../sweep-text.ts';
import type { Chart } from './chart.ts';
import { type Html, html } from './html.ts';
import { latency } from './numbers.ts';
import { textWidth } from './place-labels.ts';
import type { Plane } from './plane.ts';

const lineHeight = 17;
const padding = 10;
/** Between a point's middle and its tip. */
const distance = 14;

/** What a point measured, shown while the pointer is on it. They come last in the drawing, so that nothing covers them. */
export function tips({ curves }: Chart, plane: Plane): Html {
  const several = curves.length > 1;
  return html`${curves.map(({ name, points }) => points.map((point) => tip(point, several ? name : undefined, plane)))}`;
}

function tip(point: SweepPoint, curve: string | undefined, plane: Plane): Html {
  const lines = [
    ...(curve === undefined ? [] : [curve]),
    settingText(point),
    `recall ${shareText(point.recall)} (${shareText(point.recallLow)} to ${shareText(point.recallHigh)})`,
    `p50 ${latency(point.p50Ms)}, p95 ${latency(point.p95Ms)}`,
  ];
  const [x, y] = plane.place(point);
  const width = Math.max(...lines.map(textWidth)) + 2 * padding;
  const height = lines.length * lineHeight + 2 * padding - 4;
  const right = x + distance;
  const left = right + width <= plane.width ? right : Math.max(0, x - distance - width);
  const top = Math.min(Math.max(0, y - height / 2), plane.height - height);
  return html`<g class="hit"><circle cx="${x}" cy="${y}" r="10"/>
<g class="tip" transform="translate(${Math.round(left)},${Math.round(top)})"><rect width="${Math.round(width)}" height="${height}" rx="6"/>
<text x="${padding}">${lines.map((line, index) => html`<tspan x="${padding}" y="${padding + 10 + index * lineHeight}">${line}</tspan>`)}</text></g></g>
`;
}
