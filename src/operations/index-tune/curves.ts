import type { IndexSetting } from '../index-recall/setting.ts';
import type { BuildComparison, SweepPoint } from './result.ts';

/** Points that differ in how much is searched alone, the least first: what is drawn as one line. */
export interface Curve {
  name: string;
  points: readonly SweepPoint[];
}

/**
 * The points of a sweep as curves: one for each kind of scan, and one for each number of reranked candidates where
 * that was varied by itself.
 */
export function curvesOf(sweep: readonly SweepPoint[]): Curve[] {
  return groups(sweep, (point) => scanText(point) ?? searchedBy(point)).flatMap((curve) => {
    const variedAlone = new Set(curve.points.map(effort)).size < curve.points.length;
    if (!variedAlone) return [curve];
    const byRerank = groups(curve.points, (point) => rerankText(point) ?? 'not reranked');
    return byRerank.map(({ name, points }) => ({ name: `${curve.name}, ${name}`, points }));
  });
}

/** All curves of the indexes that were built to be compared, with the name of the index before what tells them apart. */
export function buildCurves(builds: readonly BuildComparison[]): Curve[] {
  return builds.flatMap((build) => {
    const curves = curvesOf(build.sweep);
    const name = buildName(build);
    return curves.map((curve) => ({ ...curve, name: curves.length > 1 ? `${name}, ${curve.name}` : name }));
  });
}

/** `hnsw, m 16, ef_construction 64, halfvec`. */
export function buildName({
  type,
  parameters,
  quantization,
}: Pick<BuildComparison, 'type' | 'parameters' | 'quantization'>): string {
  const options = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  const held = { none: [], half: ['halfvec'], binary: ['binary'] }[quantization];
  return [type, ...options, ...held].join(', ');
}

/** `ef_search 80`, `probes 12, relaxed order`, `ef_search 200, 100 reranked`. */
export function settingText(point: IndexSetting): string {
  const searched = effort(point);
  return [
    searched === undefined ? undefined : `${searchedBy(point)} ${searched}`,
    scanText(point),
    rerankText(point),
  ]
    .filter((text) => text !== undefined)
    .join(', ');
}

/** The points that no other outdoes: none that is as fast finds more, the fastest first. */
export function paretoFront(points: readonly SweepPoint[]): SweepPoint[] {
  const front: SweepPoint[] = [];
  let most = Number.NEGATIVE_INFINITY;
  for (const point of [...points].sort((a, b) => a.p50Ms - b.p50Ms || b.recall - a.recall)) {
    if (point.recall <= most) continue;
    front.push(point);
    most = point.recall;
  }
  return front;
}

function groups(points: readonly SweepPoint[], nameOf: (point: SweepPoint) => string): Curve[] {
  const named = new Map<string, SweepPoint[]>();
  for (const point of points) named.set(nameOf(point), [...(named.get(nameOf(point)) ?? []), point]);
  return [...named].map(([name, members]) => ({
    name,
    points: members.sort((a, b) => (effort(a) ?? 0) - (effort(b) ?? 0)),
  }));
}

/** How much is searched: the candidates kept, or the lists read. */
function effort({ efSearch, probes }: IndexSetting): number | undefined {
  return efSearch ?? probes;
}

function searchedBy({ probes }: IndexSetting): string {
  return probes === undefined ? 'ef_search' : 'probes';
}

function scanText({ iterativeScan }: IndexSetting): string | undefined {
  if (iterativeScan === undefined) return undefined;
  return { off: 'no iterative scan', strict_order: 'strict order', relaxed_order: 'relaxed order' }[
    iterativeScan
  ];
}

function rerankText({ rerank }: IndexSetting): string | undefined {
  return rerank === undefined ? undefined : `${rerank} reranked`;
}
