import { type Unsure, unsure } from '../../src/operations/index-tune/certainty.ts';
import { buildName, settingText } from '../../src/operations/index-tune/curves.ts';
import type {
  BuildComparison,
  FailedBuild,
  SweepPoint,
  TuneResult,
} from '../../src/operations/index-tune/result.ts';
import type { Column } from '../output/table.ts';
import { bytes, counted, duration } from '../output/units.ts';
import { milliseconds, shareText } from './sweep-text.ts';

interface Table {
  columns: Column[];
  rows: unknown[][];
}

const measures = (k: number): Column[] => [
  { name: `recall@${k}` },
  { name: '95 %', spare: 2 },
  { name: 'p50 ms', spare: 1 },
  { name: 'p95 ms', spare: 3 },
  { name: 'queries', spare: 4 },
];

function measured(point: SweepPoint): unknown[] {
  return [
    shareText(point.recall),
    `${shareText(point.recallLow)}–${shareText(point.recallHigh)}`,
    milliseconds(point.p50Ms),
    milliseconds(point.p95Ms),
    point.queries,
  ];
}

/** What was measured, the least effort first, and at the end what is recommended and what is in force. */
export function sweepTable({ sweep, current, recommendation, k }: TuneResult): Table {
  const shown = [recommendation, current].flatMap((point) => (point === null ? [] : settingText(point)));
  const others = sweep.filter((point) => !shown.includes(settingText(point)));
  const ordered = [...others].sort((a, b) => effort(a) - effort(b));
  const rows = ordered.map((point) => ['', settingText(point), ...measured(point)]);
  if (recommendation !== null)
    rows.push(['recommended', settingText(recommendation), ...measured(recommendation)]);
  rows.push(['now', settingText(current), ...measured(current)]);
  return { columns: [...chosen(''), ...measures(k)], rows };
}

/** The indexes that were built on a sample: the cheapest setting of each that reaches the target, and what it takes. */
export function buildTable(builds: readonly BuildComparison[], failed: readonly FailedBuild[]): Table {
  const columns: Column[] = [
    ...chosen('on a sample'),
    { name: 'recall', spare: 1 },
    { name: 'p50 ms', spare: 2 },
    { name: 'built in', align: 'right', spare: 7 },
    { name: 'size', align: 'right', spare: 6 },
    { name: 'all rows: built in', align: 'right', spare: 5 },
    { name: 'size', align: 'right', spare: 4 },
    { name: 'memory', align: 'right', spare: 3 },
  ];
  const rows = builds.map((build) => {
    const { best, whole } = build;
    return [
      buildName(build),
      best === null ? 'misses the target' : settingText(best),
      best === null ? '' : shareText(best.recall),
      best === null ? '' : milliseconds(best.p50Ms),
      duration(build.buildSeconds),
      bytes(build.bytes),
      duration(whole.buildSeconds),
      bytes(whole.bytes),
      bytes(whole.memory),
    ];
  });
  const without = failed.map((build) => [
    buildName(build),
    'cannot be built',
    ...columns.slice(2).map(() => ''),
  ]);
  return { columns, rows: [...rows, ...without] };
}

/** What to do, in a line. */
export function verdict(result: TuneResult): string {
  const { index, k, targetRecall, recommendation, current } = result;
  const goal = `recall@${k} ${targetRecall}`;
  if (recommendation === null) {
    const doubt = unsure(result);
    if (doubt === undefined)
      return `no setting of ${index} reaches ${goal} with 95 % confidence: --builds shows what other indexes would, ${otherIndexes(result)}`;
    const { point } = doubt;
    return `no setting of ${index} is sure to reach ${goal}: ${settingText(point)} found ${shareText(point.recall)}, but ${point.queries} queries are not enough to be sure of it; ${moreQueries(result, doubt)}`;
  }
  const now = `now: ${settingText(current)}, recall ${shareText(current.recall)}, ${milliseconds(current.p50Ms)} ms`;
  return `${settingText(recommendation)} is the cheapest that reaches ${goal} with 95 % confidence (${now}); --apply sets it`;
}

function otherIndexes({ type, where, partial }: TuneResult): string {
  const denser = type === 'hnsw' ? 'one with larger m or ef_construction' : 'one of type hnsw';
  return where === null || partial ? `such as ${denser}` : `such as ${denser}, or a partial one`;
}

/** How to find out. */
export function moreQueries({ queriesFrom, rows }: TuneResult, { queries, tooFewRows }: Unsure): string {
  if (queries === undefined) return 'nor is any number of them: aim a little lower';
  if (tooFewRows)
    return `about ${queries} would be, and the table has but ${counted(rows, 'row')} to ask with: --queries <file> names others`;
  return queriesFrom === 'rows' ? `--sample ${queries} asks more` : `about ${queries} would be`;
}

function effort({ efSearch, probes }: SweepPoint): number {
  return efSearch ?? probes!;
}

/** What the reader is to set or to build. */
function chosen(heading: string): Column[] {
  return [
    { name: heading, whole: true },
    { name: 'settings', whole: true },
  ];
}
