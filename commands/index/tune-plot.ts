import { buildCurves, type Curve, curvesOf, settingText } from '../../src/operations/index-tune/curves.ts';
import type { SweepPoint, TuneResult } from '../../src/operations/index-tune/result.ts';
import type { Mark, PlotPoint, RecallPlot } from '../output/plot.ts';

/** The index as it is, setting by setting. */
export function sweepPlot(result: TuneResult): RecallPlot {
  const { current, recommendation } = result;
  return {
    ...plotOf(result, curvesOf(result.sweep)),
    current: mark('now', current),
    best: recommendation ? mark('recommended', recommendation) : undefined,
  };
}

/** The indexes that were built to be compared; undefined where none were. */
export function buildsPlot(result: TuneResult): RecallPlot | undefined {
  if (!result.builds) return undefined;
  return { ...plotOf(result, buildCurves(result.builds)), current: undefined, best: undefined };
}

function plotOf({ k, targetRecall }: TuneResult, curves: readonly Curve[]) {
  return {
    recallLabel: `recall@${k}`,
    latencyLabel: 'latency of a query, p50, ms',
    series: curves.map(({ name, points }) => ({ name, points: points.map(pointOf) })),
    target: targetRecall,
  };
}

function mark(what: string, point: SweepPoint): Mark {
  return { name: `${what}: ${settingText(point)}`, point: pointOf(point) };
}

function pointOf({ p50Ms, recall }: SweepPoint): PlotPoint {
  return { latency: p50Ms, recall };
}
