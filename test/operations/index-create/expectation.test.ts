import { expect, test } from 'vitest';
import { type BuildWork, guessSeconds } from '../../../src/operations/index-create/duration.ts';
import { tellExpectation } from '../../../src/operations/index-create/expectation.ts';
import type { BuildResources } from '../../../src/operations/index-create/resources.ts';
import { collectReports } from '../../support/reports.ts';

const megabyte = 1024 ** 2;
const resources: BuildResources = {
  rows: 63_000,
  needed: 140 * megabyte,
  given: 154 * megabyte,
  workers: 2,
  seconds: 17,
  settings: {},
  tableWorkers: undefined,
};

function told(changes: Partial<BuildResources>, options = {}) {
  const reports = collectReports();
  const index = { name: 'docs_idx', table: { shown: 'docs' } };
  tellExpectation(index, { ...resources, ...changes }, options, reports);
  return [...reports.notes, ...reports.warnings];
}

test('a build that takes a while is told of before it begins', () => {
  expect(told({})).toEqual([
    'docs_idx: about 63,000 rows, 140 MB of memory, which fit into the 154 MB it gets, 2 workers, perhaps 20 s',
  ]);
  expect(told({ seconds: 400, workers: 1 })[0]).toContain('1 worker, perhaps 7 min');
  expect(told({ seconds: 20_000, workers: 0 })[0]).toContain('no workers, perhaps 6 h');
  expect(told({ seconds: 4 })).toEqual([]);
});

test('that the memory will not suffice is told of every build', () => {
  expect(told({ seconds: 4, given: 100 * megabyte })).toEqual([
    'the build of docs_idx takes about 140 MB, and what the server seems to have for it is 100 MB: it gets slow where that ends; give it more with --memory 154MB',
  ]);
  expect(told({ given: 100 * megabyte }, { memory: 100 * megabyte })[0]).toContain(
    'what --memory gives it is 100 MB',
  );
});

test("a table's own parallel_workers are told of", () => {
  expect(told({ seconds: 1, tableWorkers: 1 })).toEqual([
    'docs has parallel_workers = 1, which holds for the build too: ALTER TABLE … RESET (parallel_workers) lets it have more',
  ]);
});

test('the guess is near what was measured, in seconds of one core', () => {
  const work: BuildWork = {
    type: 'hnsw',
    vectorType: 'vector',
    elements: 384,
    parameters: {},
    rows: 8000,
    workers: 0,
    kind: 'server',
  };
  const measured: [Partial<BuildWork>, number][] = [
    [{}, 2.02],
    [{ rows: 24_000 }, 7.28],
    [{ rows: 12_600 }, 3.93],
    [{ rows: 2000 }, 0.34],
    [{ parameters: { m: 8 } }, 1.17],
    [{ parameters: { m: 32 } }, 4.84],
    [{ parameters: { ef_construction: 128 } }, 3.12],
    [{ elements: 96 }, 1.34],
    [{ rows: 4000, elements: 1536 }, 2.1],
    [{ vectorType: 'halfvec' }, 1.86],
    [{ vectorType: 'bit' }, 1.43],
    [{ type: 'ivfflat', rows: 24_000, parameters: { lists: 24 } }, 0.65],
    [{ type: 'ivfflat', rows: 24_000, parameters: { lists: 240 } }, 1.26],
    [{ type: 'ivfflat', rows: 48_000, parameters: { lists: 100 } }, 1.13],
  ];
  for (const [changes, seconds] of measured) {
    const ratio = guessSeconds({ ...work, ...changes }) / seconds;
    expect(ratio, JSON.stringify(changes)).toBeGreaterThan(0.7);
    expect(ratio, JSON.stringify(changes)).toBeLessThan(2);
  }
});
