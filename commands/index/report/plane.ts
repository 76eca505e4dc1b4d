import type { SweepPoint } from '../../../src/operations/index-tune/result.ts';
import { ratioScale, recallScale, type Tick } from '../../../src/scale.ts';
import type { Box } from './place-labels.ts';

/** A drawing's size and scales, in units of its own. */
export interface Plane {
  width: number;
  height: number;
  /** What the axes enclose. */
  area: Box;
  place(point: SweepPoint): readonly [x: number, y: number];
  heightOf(recall: number): number;
  latencyTicks: readonly (Tick & { x: number })[];
  recallTicks: readonly (Tick & { y: number })[];
}

/** Room for the axes and their labels. */
const margin = { top: 30, right: 18, bottom: 46, left: 48 };
/** That a label needs along its axis. */
const room = { across: 72, down: 34 };

/** @param points at least one */
export function planeFor(
  points: readonly SweepPoint[],
  target: number,
  width: number,
  height: number,
): Plane {
  const area: Box = {
    x: margin.left,
    y: margin.top,
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
  };
  const latencies = ratioScale(
    points.map(({ p50Ms }) => p50Ms),
    Math.floor(area.width / room.across),
  );
  const recalls = recallScale(
    points.flatMap(({ recall, recallLow }) => [recall, recallLow]),
    target,
    area.height / room.down,
  );
  const across = (ms: number) => rounded(area.x + area.width * latencies.at(ms));
  const heightOf = (recall: number) => rounded(area.y + area.height * (1 - recalls.at(recall)));
  return {
    width,
    height,
    area,
    place: ({ p50Ms, recall }) => [across(p50Ms), heightOf(recall)],
    heightOf,
    latencyTicks: latencies.ticks.map((tick) => ({ ...tick, x: across(tick.value) })),
    recallTicks: recalls.ticks.map((tick) => ({ ...tick, y: heightOf(tick.value) })),
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
