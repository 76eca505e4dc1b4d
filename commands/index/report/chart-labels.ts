import { settingText } from '../../../src/operations/index-tune/curves.ts';
import type { SweepPoint } from '../../../src/operations/index-tune/result.ts';
import type { Chart } from './chart.ts';
import { type Html, html } from './html.ts';
import { alongLine, type Box, type Label, LabelPlacer, type Side } from './place-labels.ts';
import type { Plane } from './plane.ts';

/** Curves rise to the right: there is room on their lower right, and on their upper left. */
const lowerRight: Side[] = ['belowRight', 'right', 'below', 'aboveLeft', 'above', 'left'];
const upperLeft: Side[] = ['aboveLeft', 'above', 'left', 'belowRight', 'below', 'right'];

/**
 * What stands beside the points: which is recommended, which in force, and, of a single curve, how much is searched at
 * each. Names that have no room are left out, those of the last first: the table has them all.
 */
export function chartLabels({ curves, current, best, target }: Chart, plane: Plane): Html {
  const { area, place, heightOf } = plane;
  const targetLine = heightOf(target);
  const right = area.x + area.width;
  const placer = new LabelPlacer(area, [
    ...curves.flatMap(({ points }) => linesOf(points, plane)),
    ...alongLine([area.x, targetLine], [right, targetLine]),
  ]);
  const write = (className: string, ...choices: Label[]): Html | undefined => {
    const label = placer.place(choices);
    return (
      label &&
      html`<text class="${className}" x="${label.x}" y="${label.y}" text-anchor="${label.anchor}">${label.text}</text>`
    );
  };
  const beside = (point: SweepPoint, name: string) => [
    at(point, `${name}: ${settingText(point)}`, lowerRight),
    at(point, name, lowerRight),
  ];
  const at = (point: SweepPoint, text: string, sides: Side[]): Label => {
    const [x, y] = place(point);
    return { x, y, text, sides };
  };

  const named = [current, best?.point].flatMap((point) => (point ? [settingText(point)] : []));
  const rest = curves.length === 1 ? curves[0]!.points : [];
  const text = `target ${target}`;
  return html`${best && write('recommended', ...beside(best.point, best.name))}
${current && write('strong', ...beside(current, 'now'))}
${write(
  'strong',
  { x: area.x, y: targetLine, text, sides: ['aboveRight', 'belowRight'] },
  { x: right, y: targetLine, text, sides: ['belowLeft', 'aboveLeft'] },
)}
${rest
  .filter((point) => !named.includes(settingText(point)))
  .map((point) => write('', at(point, String(point.efSearch ?? point.probes ?? ''), upperLeft)))}`;
}

/** A curve's points and what is between them. */
function linesOf(points: readonly SweepPoint[], { place }: Plane): Box[] {
  return points.flatMap((point, index) => {
    const [x, y] = place(point);
    const line = alongLine(place(points[Math.max(0, index - 1)]!), [x, y]);
    return [...line, { x: x - 5, y: y - 5, width: 10, height: 10 }];
  });
}
