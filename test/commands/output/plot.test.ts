import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasUnicode } from '../../../commands/output/color.ts';
import { type PlotPoint, plotLines, type RecallPlot } from '../../../commands/output/plot.ts';
import { displayWidth } from '../../../commands/output/width.ts';

const style = new Chalk({ level: 0 });
const points = [
  { latency: 0.41, recall: 0.72 },
  { latency: 0.55, recall: 0.83 },
  { latency: 0.8, recall: 0.913 },
  { latency: 1.25, recall: 0.962 },
  { latency: 2.6, recall: 0.991 },
  { latency: 4.9, recall: 0.998 },
];
const plot: RecallPlot = {
  recallLabel: 'recall@10',
  latencyLabel: 'latency, ms',
  series: [{ name: 'ef_search', points }],
  target: 0.95,
  current: { name: 'now: ef_search 40', point: points[2]! },
  best: { name: 'recommended: ef_search 80', point: points[3]! },
};

test('a curve with its target, what is in force and what is recommended', () => {
  const lines = plotLines(plot, { width: 60, height: 10, unicode: true, style });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "recall@10
    1.00 ┤                                      ⢀●⣀⣀⡠⠤⠤⠤⠤⠤⠔⠒⠒●
         │                               ⣀⡠⠤⠔⠒⠊⠉⠁
         │                        ◆⠤⠤⠒⠒⠉⠉
    0.95 ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⣀⠤⠒⠉╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
         │                ⣀⠤⠒⠉
    0.90 ┤             ⡠⠔◇
         │         ⢀⡠⠒⠉
         │      ⢀⠤●⠁
    0.80 ┤   ⢀⠤⠊⠁
         │  ●⠁
         └──────┬─────────────┬────────────┬──────────────────┬─
               0.5            1            2                  5
                                                     latency, ms
          ◇ now: ef_search 40   ◆ recommended: ef_search 80
          ╌╌ target 0.95"
  `);
});

test('ASCII alone, where the terminal has no more', () => {
  const lines = plotLines(plot, { width: 60, height: 10, unicode: false, style });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "recall@10
    1.00 +                                              .....o
         |                                    ...o......
         |                            ........
    0.95 +----------------------..*...--------------------------
         |                  ....
    0.90 +              .@..
         |          ....
    0.80 +       .o.
         |    ...
         |  o.
         +------+-------------+------------+-----------------+--
               0.5            1            2                 5
                                                     latency, ms
          @ now: ef_search 40   * recommended: ef_search 80
          -- target 0.95"
  `);
});

test('several series have a key, cut where it is too long', () => {
  const series = [
    { name: 'hnsw, m 16', points },
    {
      name: 'ivfflat, lists 250, a name that is longer than the line',
      points: points.slice(1, 4).map(({ latency, recall }) => ({ latency: latency * 3, recall })),
    },
  ];
  const lines = plotLines({ ...plot, series }, { width: 40, height: 6, unicode: true, style });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "recall@10
    1.0 ┤                      ⢀⣀⡠●⠤⠔⠒⠒⠒⠊⠉●
        │               ◆⡠⠤⠔⠒⠊⠉⠁      ⢀■
        │╌╌╌╌╌╌╌╌╌╌╌⣀⠤⠒⠉╌╌╌╌╌╌╌╌╌╌⣀⠤⠔⠊⠁╌╌╌╌╌
    0.9 ┤       ⣀⠤⠒◇          ⣀⠤⠒■
        │   ⢀⠤●⠉            ■⠉
    0.7 ┤ ●⠒⠁
        └─────────────┬─────────────┬───────
                      1             3
                                 latency, ms
         ● hnsw, m 16
         ■ ivfflat, lists 250, a name that …
         ◇ now: ef_search 40
         ◆ recommended: ef_search 80
         ╌╌ target 0.95"
  `);
});

test('one point alone stands in the middle', () => {
  const series = [{ name: 'probes', points: [{ latency: 3, recall: 1 }] }];
  const lines = plotLines(
    { ...plot, series, current: undefined, best: undefined },
    { width: 40, height: 4, unicode: true, style },
  );
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "recall@10
    1.00 ┤                 ●
         │
         │
    0.95 ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
         └───┬─────────────┬──────────┬─────
            2.5           3.0        3.5
                                 latency, ms
          ╌╌ target 0.95"
  `);
});

test('a row is coloured in as few runs as there are colours in it', () => {
  const colours = new Chalk({ level: 1 });
  const lines = plotLines(plot, { width: 60, height: 10, unicode: true, style: colours });
  expect(lines.find((line) => line.includes('◆'))).toMatchInlineSnapshot(
    `"     [2m│[22m                        [32m[1m◆[22m[39m[36m⠤⠤⠒⠒⠉⠉[39m"`,
  );
});

test('without points or room there is no plot', () => {
  const empty = { ...plot, series: [], current: undefined, best: undefined };
  const layout = { width: 80, height: 10, unicode: true, style };
  expect(plotLines(empty, layout)).toEqual([]);
  expect(plotLines(plot, { ...layout, width: 29 })).toEqual([]);
  expect(plotLines(plot, { ...layout, height: 3 })).toEqual([]);
});

describe('whatever was measured', () => {
  const latency = fc.oneof(
    fc.double({ min: 0.001, max: 1e7, noNaN: true }),
    fc.constantFrom(0.001, 1, 1 + 1e-12, 1e7),
  );
  const recall = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 0.999, 1));
  const point: fc.Arbitrary<PlotPoint> = fc.record({ latency, recall });
  const mark = fc.option(fc.record({ name: fc.string({ unit: 'grapheme', maxLength: 60 }), point }), {
    nil: undefined,
  });
  const anyPlot = fc.record({
    recallLabel: fc.constant('recall@100'),
    latencyLabel: fc.constant('latency of a query, p50, ms'),
    series: fc.array(
      fc.record({ name: fc.string({ maxLength: 60 }), points: fc.array(point, { maxLength: 9 }) }),
      { maxLength: 9 },
    ),
    target: fc.constantFrom(0.01, 0.5, 0.95, 0.999, 1),
    current: mark,
    best: mark,
  });
  const layout = fc.record({
    width: fc.integer({ min: 1, max: 140 }),
    height: fc.integer({ min: 1, max: 30 }),
    unicode: fc.boolean(),
  });

  test('no line is wider than asked, and each series shows', () => {
    fc.assert(
      fc.property(anyPlot, layout, (plot, { width, height, unicode }) => {
        const lines = plotLines(plot, { width, height, unicode, style });
        const drawn = plot.series.some(({ points }) => points.length > 0) || plot.current || plot.best;
        expect(lines.length > 0).toBe(Boolean(drawn) && width >= 30 && height >= 4);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('\n')).not.toMatch(/NaN|Infinity|undefined/);
        if (lines.length > 0 && plot.best)
          expect(lines.slice(1, height + 1).join('')).toContain(unicode ? '◆' : '*');
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  [{}, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'en_GB.utf8', LC_ALL: 'C' }, false],
  [{ LC_CTYPE: 'de_DE.ISO-8859-1', LANG: 'en_GB.UTF-8' }, false],
  [{ TERM: 'dumb', LANG: 'en_GB.UTF-8' }, false],
])('%j: more than ASCII: %s', (env, expected) => {
  expect(hasUnicode(env)).toBe(expected);
});
