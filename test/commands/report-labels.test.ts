import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  alongLine,
  type Box,
  LabelPlacer,
  type PlacedLabel,
  textWidth,
} from '../../commands/index/report/place-labels.ts';

const bounds: Box = { x: 40, y: 20, width: 300, height: 200 };

/** Around the letters of a label, a little inside of what was kept free for it. */
function boxOf({ text, x, y, anchor }: PlacedLabel): Box {
  const width = textWidth(text);
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  return { x: left + 1, y: y - 10, width: width - 2, height: 11 };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test('a label goes to the first side that is free', () => {
  const label = { x: 100, y: 100, text: '40', sides: ['right', 'left', 'above'] as const };
  const placer = new LabelPlacer(bounds, alongLine([100, 100], [200, 100]));
  expect(placer.place([label])).toEqual({ text: '40', x: 90, y: 104, anchor: 'end' });
  expect(placer.place([label])).toEqual({ text: '40', x: 100, y: 87, anchor: 'middle' });
  expect(placer.place([label])).toBeUndefined();
  expect(placer.place([label, { ...label, y: 150 }])).toMatchObject({ x: 110, y: 154, anchor: 'start' });
});

test('labels cover neither each other nor what is drawn, and stay inside', () => {
  const label = fc.record({
    x: fc.integer({ min: 30, max: 350 }),
    y: fc.integer({ min: 10, max: 230 }),
    text: fc.string({ minLength: 1, maxLength: 25 }),
    sides: fc.uniqueArray(
      fc.constantFrom(
        'above',
        'aboveLeft',
        'aboveRight',
        'left',
        'right',
        'below',
        'belowLeft',
        'belowRight',
      ),
      { minLength: 1 },
    ),
  });
  const place = fc.tuple(fc.integer({ min: 40, max: 340 }), fc.integer({ min: 20, max: 220 }));
  fc.assert(
    fc.property(fc.array(label, { maxLength: 20 }), place, place, (labels, from, to) => {
      const line = alongLine(from, to);
      const placer = new LabelPlacer(bounds, line);
      const placed = labels.flatMap((each) => placer.place([each]) ?? []).map(boxOf);
      for (const [index, box] of placed.entries()) {
        const others = [...placed.slice(index + 1), ...line];
        expect(others.some((other) => overlap(box, other))).toBe(false);
        expect(box.x).toBeGreaterThanOrEqual(bounds.x);
        expect(box.x + box.width).toBeLessThanOrEqual(bounds.x + bounds.width);
        expect(box.y).toBeGreaterThanOrEqual(bounds.y);
        expect(box.y + box.height).toBeLessThanOrEqual(bounds.y + bounds.height);
      }
    }),
  );
});
