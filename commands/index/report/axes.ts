import { type Html, html } from './html.ts';
import type { Plane } from './plane.ts';

/** Lines across for recall, the axis of latency, and what both are. */
export function axes({ area, latencyTicks, recallTicks }: Plane, k: number): Html {
  const [right, bottom] = [area.x + area.width, area.y + area.height];
  const recalls = recallTicks.map(
    ({ y, label }) => html`<line class="grid" x1="${area.x}" x2="${right}" y1="${y}" y2="${y}"/>
<text x="${area.x - 8}" y="${y + 4}" text-anchor="end">${label}</text>`,
  );
  const latencies = latencyTicks.map(
    ({ x, label }) => html`<line class="axis" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 5}"/>
<text x="${x}" y="${bottom + 19}" text-anchor="middle">${label}</text>`,
  );
  return html`${recalls}${latencies}
<line class="axis" x1="${area.x}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
<text class="strong" x="4" y="15">recall@${k}</text>
<text class="strong" x="${right}" y="${bottom + 39}" text-anchor="end">latency of a query, p50, ms</text>`;
}
