import { ratioScale, recallScale } from '../../src/scale.ts';
import { bottom, sideWidth, withSide } from './plot-axes.ts';
import { asciiGlyphs, unicodeGlyphs } from './plot-glyphs.ts';
import { createGrid, type Paint, type Place } from './plot-grid.ts';
import type { Style } from './style.ts';
import { displayWidth, shorten } from './width.ts';

export interface PlotPoint {
  /** Milliseconds, more than 0. */
  latency: number;
  /** 0 to 1. */
  recall: number;
}

/** A point with a glyph of its own, and its name in the key. */
export interface Mark {
  name: string;
  point: PlotPoint;
}

/** What is drawn: recall from bottom to top, latency from left to right. */
export interface RecallPlot {
  recallLabel: string;
  latencyLabel: string;
  /** Each is drawn as a line through its points, in their order. */
  series: readonly { name: string; points: readonly PlotPoint[] }[];
  /** A line across at this recall. */
  target: number;
  /** What searches use now. */
  current: Mark | undefined;
  /** What is recommended. */
  best: Mark | undefined;
}

export interface PlotLayout {
  /** Columns of the terminal: no line is wider. */
  width: number;
  /** Lines of the drawing itself; axes, labels and the key come to it. */
  height: number;
  /** Whether the terminal shows more than ASCII. */
  unicode: boolean;
  style: Style;
}

/** What a glyph stands for. */
interface KeyEntry {
  glyph: string;
  meaning: string;
  paint: Paint;
}

const leastWidth = 30;
const leastHeight = 4;

/** A plot as lines without newlines; none where there is no point, or no room for one. */
export function plotLines(plot: RecallPlot, layout: PlotLayout): string[] {
  const { width, height, unicode, style } = layout;
  const glyphs = unicode ? unicodeGlyphs : asciiGlyphs;
  const inks = [style.cyan, style.magenta, style.yellow, style.blue, style.red];
  const series = plot.series.map(({ name, points }, index) => ({
    points,
    key: {
      glyph: glyphs.points[index % glyphs.points.length]!,
      meaning: name,
      paint: inks[index % inks.length]!,
    },
  }));
  const marks = [
    { mark: plot.current, glyph: glyphs.current, paint: style.bold },
    { mark: plot.best, glyph: glyphs.best, paint: style.green.bold },
  ].flatMap(({ mark, glyph, paint }) =>
    mark ? [{ points: [mark.point], key: { glyph, meaning: mark.name, paint } }] : [],
  );
  const drawn = [...series, ...marks];
  const points = drawn.flatMap((each) => each.points);
  if (points.length === 0 || width < leastWidth || height < leastHeight) return [];

  const recalls = recallScale(
    points.map((point) => point.recall),
    plot.target,
    height / 2,
  );
  const side = sideWidth(recalls);
  const columns = width - side;
  const latencies = ratioScale(
    points.map((point) => point.latency),
    Math.max(3, Math.floor(columns / 9)),
  );
  const place = ({ latency, recall }: PlotPoint): Place => [latencies.at(latency), recalls.at(recall)];

  const grid = createGrid(columns, height, unicode);
  grid.across(recalls.at(plot.target), glyphs.target, style.dim);
  for (const { points, key } of series) {
    for (const [index, point] of points.entries()) {
      if (index > 0) grid.line(place(points[index - 1]!), place(point), key.paint);
    }
  }
  for (const { points, key } of drawn) for (const each of points) grid.put(place(each), key.glyph, key.paint);

  const target = { glyph: glyphs.target.repeat(2), meaning: `target ${plot.target}`, paint: style.dim };
  const key = [...(series.length > 1 ? drawn : marks).map((each) => each.key), target];
  const indent = ' '.repeat(side - 1);
  return [
    cut(plot.recallLabel, width, glyphs.cut),
    ...withSide(recalls, grid, glyphs, style),
    ...bottom(latencies, grid, columns, glyphs, style).map((line) => indent + line),
    cut(plot.latencyLabel, width, glyphs.cut).padStart(width),
    ...keyLines(key, columns, glyphs.cut).map((line) => `${indent} ${line}`),
  ];
}

/** As many entries a line as fit. */
function keyLines(entries: readonly KeyEntry[], width: number, end: string): string[] {
  const lines: { text: string; width: number }[] = [];
  for (const { glyph, meaning, paint } of entries) {
    const name = cut(meaning, width - glyph.length - 1, end);
    const entry = { text: `${paint(glyph)} ${name}`, width: glyph.length + 1 + displayWidth(name) };
    const last = lines.at(-1);
    if (last && last.width + 3 + entry.width <= width) {
      last.text += `   ${entry.text}`;
      last.width += 3 + entry.width;
    } else {
      lines.push(entry);
    }
  }
  return lines.map(({ text }) => text);
}

function cut(text: string, width: number, end: string): string {
  return displayWidth(text) <= width ? text : shorten(text, width).replace(/…$/, end);
}
