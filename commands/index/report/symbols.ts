import { type Html, html } from './html.ts';
import { light } from './palette.ts';

/** Shapes around their middle; with seven colours there are 35 kinds of points. */
const shapes = [
  'M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z',
  'M-4,-4h8v8h-8z',
  'M0,-5.4L5.2,4H-5.2z',
  'M0,5.4L5.2,-4H-5.2z',
  'M-1.7,-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z',
];

/** The class that gives a curve its colour. */
export function colourOf(curve: number): string {
  return `series-${curve % light.series.length}`;
}

/** A point of a curve. */
export function pointSymbol(curve: number, x: number, y: number): Html {
  return html`<path class="point" d="${shapes[curve % shapes.length]!}" transform="translate(${x},${y})"/>`;
}

/** What is recommended: a diamond. */
export function bestSymbol(x: number, y: number): Html {
  return html`<path class="best" d="M0,-8.5L8.5,0L0,8.5L-8.5,0z" transform="translate(${x},${y})"/>`;
}

/** What is in force: a ring. */
export function nowSymbol(x: number, y: number): Html {
  return html`<circle class="now" cx="${x}" cy="${y}" r="8.5"/>`;
}

/** A point beside a name, in a text. */
export function inlineSymbol(curve: number): Html {
  return html`<svg class="symbol ${colourOf(curve)}" viewBox="-7 -7 14 14" aria-hidden="true">${pointSymbol(curve, 0, 0)}</svg>`;
}
