import { beforeAll, describe, expect, test } from 'vitest';
import { dark, light } from '../../commands/index/report/palette.ts';
import { renderReport } from '../../commands/index/report/report.ts';
import { type Browser, startChromium } from '../support/browser/chromium.ts';
import { type Box, openPage, type Page, type View } from '../support/browser/page.ts';
import { builds, tuneResult } from '../support/tune-results.ts';
import { Unavailable } from '../support/unavailable.ts';

const facts = { version: '0.1.0', server: 'PostgreSQL 17.11, pgvector 0.8.0', date: new Date() };

let browser: Browser | Unavailable;
beforeAll(async () => {
  browser = await startChromium().catch((error: unknown) => {
    if (!(error instanceof Unavailable)) throw error;
    return error;
  });
  // As long as a download may take.
}, 400_000);

/** Opens the report of a result; without a browser the test is skipped, with the reason. */
async function report(skip: (why: string) => never, result = tuneResult()): Promise<Page> {
  if (browser instanceof Unavailable) return skip(`no Chromium: ${browser.message}`);
  return openPage(browser, renderReport(result, facts));
}

const wide = { width: 1100, height: 900 };
const narrow = { width: 360, height: 740 };
const views: [string, View, 'wide' | 'narrow'][] = [
  ['light', { ...wide, scheme: 'light' }, 'wide'],
  ['dark', { ...wide, scheme: 'dark' }, 'wide'],
  ['light and narrow', { ...narrow, scheme: 'light' }, 'narrow'],
  ['dark and narrow', { ...narrow, scheme: 'dark' }, 'narrow'],
];

/** Where the points of the first chart are on the page, and the chart itself. */
const chartPlaces = `(() => {
  const box = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + scrollX, y: y + scrollY, width, height };
  };
  const charts = [...document.querySelectorAll('figure svg.wide, figure svg.narrow')].filter((svg) => box(svg).width > 0);
  return charts.map((svg) => ({
    kind: svg.getAttribute('class'),
    chart: box(svg),
    points: [...svg.querySelectorAll('.point')].map(box),
    best: box(svg.querySelector('.best')),
  }));
})()`;

function middle({ x, y, width, height }: Box): [number, number] {
  return [Math.round(x + width / 2), Math.round(y + height / 2)];
}

/** The colours, `#rrggbb`, at places of the page, as a picture of a part of it has them. */
async function coloursAt(page: Page, part: Box, places: readonly [number, number][]): Promise<string[]> {
  return page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob('${await page.screenshot(part)}'), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    return ${JSON.stringify(places)}.map(([x, y]) => {
      const pixel = context.getImageData(x - ${Math.round(part.x)}, y - ${Math.round(part.y)}, 1, 1).data.slice(0, 3);
      return '#' + [...pixel].map((value) => value.toString(16).padStart(2, '0')).join('');
    });
  })()`);
}

describe.each(views)('in %s', (_, view, kind) => {
  test('the plots are seen: every point in its colour, inside of its chart', async ({ skip }) => {
    const result = tuneResult({ builds: builds() });
    const page = await report(skip, result);
    await page.show(view);
    const charts = await page.evaluate<{ kind: string; chart: Box; points: Box[]; best: Box }[]>(chartPlaces);
    const palette = view.scheme === 'dark' ? dark : light;
    expect(charts.map((chart) => chart.kind)).toEqual([kind, kind]);
    expect(charts.map(({ points }) => points.length)).toEqual([
      result.sweep.length,
      builds().flatMap(({ sweep }) => sweep).length,
    ]);
    for (const { chart, points } of charts) {
      for (const point of points) {
        expect(Math.min(point.width, point.height)).toBeGreaterThan(5);
        expect(point.x).toBeGreaterThan(chart.x);
        expect(point.x + point.width).toBeLessThan(chart.x + chart.width);
        expect(point.y).toBeGreaterThan(chart.y);
        expect(point.y + point.height).toBeLessThan(chart.y + chart.height);
      }
    }
    const [sweep] = charts;
    const plain = sweep!.points.filter((point) => Math.abs(point.x - middle(sweep!.best)[0]) > 8);
    const { chart } = sweep!;
    const corner: [number, number] = [Math.round(chart.x) + 2, Math.round(chart.y) + 2];
    const seen = await coloursAt(page, chart, [...plain.map(middle), middle(sweep!.best), corner]);
    expect(seen).toEqual([...plain.map(() => palette.series[0]), palette.best, palette.card]);
    expect(page.complaints()).toEqual([]);
  });

  test('text stands out, does not lie on other text, and fits the screen', async ({ skip }) => {
    const page = await report(
      skip,
      tuneResult({ builds: builds(), where: 'a_rather_long_condition = 1'.repeat(9) }),
    );
    await page.show(view);
    const { texts, overflow } = await page.evaluate<{ texts: number; overflow: number }>(`({
      texts: document.querySelectorAll('p, dd, td, th, li, h1, h2, svg text').length,
      overflow: document.documentElement.scrollWidth - innerWidth,
    })`);
    expect(texts).toBeGreaterThan(400);
    expect(overflow).toBe(0);
    expect(await page.evaluate(faintTexts)).toEqual([]);
    expect(await page.evaluate(overlappingTexts)).toEqual([]);
  });
});

/** Texts with a contrast below 4.5 to what is behind them. */
const faintTexts = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((value) => value / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)'; // paper
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('.tip, style') || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const [low, high] = [luminance(element.closest('svg') ? style.fill : style.color), luminance(behind(element))].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < 4.5) faint.push(walker.currentNode.data);
  }
  return faint;
})()`;

/** Texts of a chart that lie on each other. */
const overlappingTexts = `[...document.querySelectorAll('figure svg')].flatMap((svg) => {
  const texts = [...svg.querySelectorAll('text')].filter((text) => text.getClientRects().length > 0 && !text.closest('.tip'));
  const boxes = texts.map((text) => text.getBoundingClientRect());
  return texts.flatMap((text, i) => texts.slice(i + 1).filter((_, j) => {
    const [a, b] = [boxes[i], boxes[i + 1 + j]];
    return a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  }).map((other) => text.textContent + ' / ' + other.textContent));
})`;

test('the page holds all it shows: nothing is asked for, and no script runs', async ({ skip }) => {
  const evil = `"><img src=x onerror="document.title='evil'"><script>document.title = 'evil'</script>`;
  const page = await report(skip, tuneResult({ index: evil, table: evil, where: evil }));
  expect(page.requests()).toHaveLength(1);
  expect(page.complaints()).toEqual([]);
  expect(await page.evaluate('document.querySelectorAll("img, script").length')).toBe(0);
  expect(await page.evaluate('document.querySelector("h1").textContent')).toBe(evil);
  expect(await page.evaluate('document.title')).toBe(`${evil}: recall and latency`);
  // Were there one, the page's own policy would forbid it.
  const added = `const script = document.createElement('script'); script.text = 'document.title = "ran"'; document.body.append(script); document.title`;
  expect(await page.evaluate(added)).not.toBe('ran');
});

test('a point tells what it measured while the pointer is on it', async ({ skip }) => {
  const page = await report(skip);
  await page.show({ ...wide, height: 2400, scheme: 'light' });
  const [chart] = await page.evaluate<{ points: Box[] }[]>(chartPlaces);
  const shown = `[...document.querySelectorAll('.tip')]
    .filter((tip) => getComputedStyle(tip).opacity === '1')
    .map((tip) => tip.textContent.trim())`;
  expect(await page.evaluate(shown)).toEqual([]);
  await page.pointAt(...middle(chart!.points.at(-1)!));
  expect(await page.evaluate(shown)).toEqual([
    'ef_search 400recall 0.998 (0.993 to 1.000)p50 4.93\u00a0ms, p95 7.99\u00a0ms',
  ]);
});

test('on paper it is light, without what only a pointer shows', async ({ skip }) => {
  const page = await report(skip);
  await page.show({ ...wide, scheme: 'dark', print: true });
  const [chart] = await page.evaluate<{ kind: string; chart: Box; points: Box[] }[]>(chartPlaces);
  expect(chart!.kind).toBe('wide');
  expect(await coloursAt(page, chart!.chart, [middle(chart!.points[0]!)])).toEqual([light.series[0]]);
  expect(await page.evaluate('document.querySelector(".hit").getClientRects().length')).toBe(0);
  expect(await page.evaluate(faintTexts)).toEqual([]);
});
