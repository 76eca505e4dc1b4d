import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { buildsPlot, sweepPlot } from '../../commands/index/tune-plot.ts';
import { plotLines } from '../../commands/output/plot.ts';
import { builds, tuneResult } from '../support/tune-results.ts';

const layout = { width: 100, height: 16, unicode: true, style: new Chalk({ level: 0 }) };

test('the sweep, what is in force and what is recommended', () => {
  const lines = plotLines(sweepPlot(tuneResult()), layout);
  expect(lines[0]).toBe('recall@10');
  expect(lines.at(-1)).toBe('      ◇ now: ef_search 40   ◆ recommended: ef_search 80   ╌╌ target 0.95');
  // All but the two that have a mark of their own.
  expect(lines.join('').match(/●/g)).toHaveLength(6);
});

test('without a recommendation there is no mark of one', () => {
  const lines = plotLines(sweepPlot(tuneResult({ recommendation: null })), layout);
  expect(lines.join('')).not.toMatch(/◆|recommended/);
});

test('the indexes that were built, each by its name', () => {
  expect(buildsPlot(tuneResult())).toBeUndefined();
  const text = plotLines(buildsPlot(tuneResult({ builds: builds() }))!, layout).join('\n');
  expect(text).toContain('■ hnsw, m 16, ef_construction 64, halfvec');
  expect(text).toContain('□ ivfflat, lists 63');
});
