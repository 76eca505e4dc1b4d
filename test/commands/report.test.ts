import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dark, light, type Palette } from '../../commands/index/report/palette.ts';
import { renderReport } from '../../commands/index/report/report.ts';
import { builds, sweepPoint, tuneResult } from '../support/tune-results.ts';

const facts = {
  version: '0.1.0',
  server: 'PostgreSQL 17.11, pgvector 0.8.0',
  date: new Date('2026-11-21T16:00:00Z'),
};

/** What a person reads: the page without its tags and drawings. */
function textOf(report: string): string {
  return report
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, '')
    .replace(/<wbr>|<[^>]+>/g, (tag) => (tag === '<wbr>' ? '' : ' '))
    .replace(/\s+/g, ' ');
}

describe('the recommendation', () => {
  test('says what to set, what it gives and what was there', () => {
    const text = textOf(renderReport(tuneResult(), facts));
    expect(text).toContain('Search with ef_search 80');
    expect(text).toContain('the cheapest setting whose recall@10 is at least 0.95 with 95 % confidence');
    expect(text).toContain('Searches now find 0.913 of the 10 nearest, less than the target');
    expect(text).toContain('SET hnsw.ef_search = 80;');
    // Without this the role may not (tried on PostgreSQL 17).
    expect(text).toContain("SELECT '[1]'::vector; ALTER ROLE CURRENT_USER SET hnsw.ef_search = 80;");
  });

  test('of a filtered search and of a binary index has all that goes with it', () => {
    const recommendation = {
      ...sweepPoint(200, 0.97, 2),
      iterativeScan: 'relaxed_order',
      rerank: 200,
    } as const;
    const text = textOf(renderReport(tuneResult({ recommendation, where: 'price < 20' }), facts));
    expect(text).toContain('Search with ef_search 200, relaxed order, 200 reranked');
    expect(text).toContain('SET hnsw.ef_search = 200; SET hnsw.iterative_scan = relaxed_order;');
    expect(text).toContain('pgv search --rerank 200');
    expect(text).toContain('price &lt; 20');
  });

  test('changes nothing where what is in force is best', () => {
    const current = tuneResult().recommendation!;
    const text = textOf(renderReport(tuneResult({ current }), facts));
    expect(text).toContain('Keep ef_search 80');
    expect(text).not.toContain('SET hnsw');
  });

  test('is none where the target is out of reach', () => {
    const text = textOf(renderReport(tuneResult({ recommendation: null, targetRecall: 0.999 }), facts));
    expect(text).toContain('No setting is sure to reach recall 0.999');
    expect(text).toContain('The most is found with ef_search 400');
    expect(text).toContain('pgv index tune --builds compares some on a sample');
    expect(text).not.toContain('SET hnsw');
  });

  test('says that the planner leaves the index', () => {
    const text = textOf(renderReport(tuneResult({ planned: false }), facts));
    expect(text).toContain('the planner does not use the index for these searches by itself');
    expect(text).not.toContain('every search uses the index');
  });
});

test('the table has every point, of other indexes too', () => {
  const result = tuneResult({ builds: builds() });
  const text = textOf(renderReport(result, facts));
  for (const { recall, recallLow, recallHigh } of [
    result.sweep,
    ...builds().map(({ sweep }) => sweep),
  ].flat()) {
    expect(text).toContain(`${recall.toFixed(3)} ${recallLow.toFixed(3)} to ${recallHigh.toFixed(3)}`);
  }
});

test('other indexes: which is fastest, and what each would cost', () => {
  const text = textOf(renderReport(tuneResult({ builds: builds() }), facts));
  expect(text).toContain('Other indexes, on a sample of 20,000 rows');
  expect(text).toContain(
    'hnsw, m 16, ef_construction 64, halfvec reaches the target in the shortest time: with ef_search 120',
  );
  expect(text).toMatch(
    /hnsw, m 32, ef_construction 128 ef_search 60 0\.974 1\.07\sms 93\.1 MB 2 min 38 s 101 MB/,
  );
  const missing = builds().map((build) => ({ ...build, best: null }));
  expect(textOf(renderReport(tuneResult({ builds: missing }), facts))).toContain(
    'None of them reaches recall 0.95',
  );
});

test('the method tells where the queries came from and what measured', () => {
  const text = textOf(renderReport(tuneResult(), facts));
  expect(text).toContain('Queries are vectors of random rows of the table, each left out of its own answer.');
  expect(text).toContain('pgv 0.1.0, PostgreSQL 17.11, pgvector 0.8.0, 2026-11-21 16:00 UTC, in 41.7 s.');
  expect(textOf(renderReport(tuneResult({ queriesFrom: 'file' }), facts))).toContain(
    'Queries came from a file.',
  );
});

test('names are text, whatever they hold', () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;</style></title>\u0001`;
  const result = tuneResult({ index: evil, table: evil, column: evil, database: evil, where: evil });
  const report = renderReport(result, facts);
  const plain = renderReport(
    tuneResult({ index: 'i', table: 't', column: 'c', database: 'd', where: 'w' }),
    facts,
  );
  const tags = (page: string) =>
    page
      .match(/<[a-z/!][^>]*>/gi)!
      .map((tag) => tag.replace(/"[^"]*"/g, '""'))
      .filter((tag) => tag !== '<wbr>');
  expect(tags(report)).toEqual(tags(plain));
  expect(report).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(report).not.toContain('\u0001');
});

test('every result has a page', () => {
  const ms = fc.double({ min: 0.001, max: 1e6, noNaN: true });
  const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
  const point = fc.tuple(fc.integer({ min: 1, max: 1000 }), share, ms).map((values) => sweepPoint(...values));
  const points = fc.array(point, { maxLength: 12 });
  const result = fc.record({
    current: point,
    recommendation: fc.option(point),
    sweep: points,
    targetRecall: fc.constantFrom(0.5, 0.95, 0.999, 1),
    builds: fc.array(
      points.map((sweep) => ({ ...builds()[0]!, sweep, best: sweep[0] ?? null })),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(result, (changes) => {
      const report = renderReport(tuneResult(changes), facts);
      expect(report).not.toMatch(/NaN|Infinity|undefined|\[object/);
    }),
    { numRuns: 25 },
  );
});

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('the %s palette', (_, palette: Palette) => {
  const { page, card, ink, muted, best, bestTint, tint, series } = palette;
  test.each([
    ['text', [ink, muted, best], [page, card], 4.5],
    ['what is recommended', [best], [bestTint], 4.5],
    ['names in the chart', [ink, muted, best], [tint], 4],
    ['curves', [...series], [card, tint], 3],
  ])('%s stands out', (_what, colours, grounds, least) => {
    for (const colour of colours) {
      for (const ground of grounds)
        expect(contrast(colour, ground), `${colour} on ${ground}`).toBeGreaterThan(least);
    }
  });
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
