import { Html } from './html.ts';
import { dark, light, type Palette } from './palette.ts';

function variables({ series, ...colours }: Palette): string {
  return [...Object.entries(colours), ...series.map((colour, index) => [`series-${index}`, colour])]
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');
}

/** Of the whole page. Fonts are the system's own: nothing is fetched. */
export const stylesheet = new Html(`
:root { ${variables(light)} color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
@media print { :root { ${variables(light)} color-scheme: light; } }
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 960px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 4px; }
p, figcaption { max-width: 75ch; text-wrap: pretty; }
p { margin: 0 0 12px; }
a { color: inherit; }
code, pre { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.over { color: var(--muted); font-size: 0.85rem; margin: 0 0 4px; }
.muted { color: var(--muted); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 24px; margin: 20px 0 0; }
section > :last-child { margin-bottom: 0; }

.facts { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--muted); font-size: 0.8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }

.advice { border-color: var(--best); border-inline-start-width: 5px; }
.advice.none { border-color: var(--series-1); }
.advice h2 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 16px 0; }
.tiles div { background: var(--page); border-radius: 8px; padding: 10px 14px; }
.tiles dt { color: var(--muted); font-size: 0.8rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; color: var(--muted); font-size: 0.8rem; font-weight: 400; }
pre { background: var(--page); border-radius: 8px; padding: 12px 14px; margin: 0 0 12px; overflow-x: auto; user-select: all; }

figure { margin: 12px 0 0; }
figcaption { color: var(--muted); font-size: 0.85rem; margin-top: 8px; }
figure svg { display: block; width: 100%; height: auto; }
svg.narrow { display: none; }
svg text { font-family: inherit; font-size: 12px; fill: var(--muted); }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .axis { stroke: var(--muted); stroke-width: 1; }
svg .front { fill: none; stroke: var(--tint); stroke-width: 14; stroke-linecap: round; stroke-linejoin: round; }
svg .curve { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
svg .interval { stroke: currentColor; stroke-width: 1.25; opacity: 0.6; }
svg .point { fill: currentColor; stroke: var(--card); stroke-width: 1.25; }
svg .target { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 5 4; }
svg .best { fill: var(--best); stroke: var(--card); stroke-width: 1.5; }
svg .now { fill: none; stroke: var(--ink); stroke-width: 1.75; }
svg text.strong { fill: var(--ink); font-weight: 600; }
svg text.recommended { fill: var(--best); font-weight: 600; }
svg .hit circle { fill: transparent; }
svg .tip { opacity: 0; pointer-events: none; }
svg .hit:hover .tip { opacity: 1; }
svg .tip rect { fill: var(--ink); }
svg .tip text { fill: var(--card); }
${light.series.map((_, index) => `.series-${index} { color: var(--series-${index}); }`).join('\n')}

.key { display: flex; flex-wrap: wrap; gap: 2px 20px; list-style: none; padding: 0; margin: 8px 0 0; font-size: 0.85rem; }
.key svg, th svg.symbol { display: inline-block; width: 14px; height: 14px; vertical-align: -2px; margin-inline-end: 6px; overflow: visible; }

.scroll { overflow-x: auto; margin: 12px -24px 0; padding: 0 24px; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: end; padding: 6px 0 6px 16px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: start; padding-inline-start: 0; }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; }
th.name { white-space: normal; min-width: 11em; }
tr.best { background: var(--bestTint); }
tr.best th, tr.best td { color: var(--best); font-weight: 600; }
th.note, td.note { text-align: start; }
tr.group th { padding-top: 18px; font-weight: 600; }
td.bar { min-width: 130px; text-align: start; }
td.bar svg { display: block; width: 100%; height: 8px; overflow: hidden; }
td.bar rect { fill: currentColor; }
.method li { margin-bottom: 6px; max-width: 75ch; }
.method p { margin-top: 16px; }
.method ul { padding-inline-start: 20px; margin: 0; }

@media (max-width: 620px) {
  main { padding: 24px 12px 40px; }
  h1 { font-size: 1.4rem; }
  section { padding: 16px; border-radius: 10px; }
  .scroll { margin-inline: -16px; padding: 0 16px; }
  svg.wide { display: none; }
  svg.narrow { display: block; }
}
@media print {
  .hit { display: none; }
  body { background: none; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  section { break-inside: avoid; border-radius: 0; }
  section.long { break-inside: auto; }
  tr { break-inside: avoid; }
}
`);
