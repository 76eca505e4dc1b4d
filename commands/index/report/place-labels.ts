/** A rectangle of the drawing, in its units; y grows downward. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A text that belongs to a point. */
export interface Label {
  x: number;
  y: number;
  text: string;
  /** Sides of the point, the best first. */
  sides: readonly Side[];
}

/** Where a text goes: `x` and `y` of its baseline, as `anchor` says. */
export interface PlacedLabel {
  text: string;
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
}

export type Side = keyof typeof directions;

const directions = {
  above: [0, -1],
  aboveLeft: [-0.8, -0.7],
  aboveRight: [0.8, -0.7],
  left: [-1, 0],
  right: [1, 0],
  below: [0, 1],
  belowLeft: [-0.8, 0.7],
  belowRight: [0.8, 0.7],
} as const satisfies Record<string, readonly [number, number]>;

/** From a point's middle to its label. */
const distance = 10;
/** Of a line of text, and of what stands above its baseline. */
const [height, ascent] = [14, 11];

/** What a text of 12 pixels takes, about: fonts differ. */
export function textWidth(text: string): number {
  return text.length * 7;
}

/** Places labels, one after the other, where they cover neither what is drawn nor each other. */
export class LabelPlacer {
  readonly #bounds: Box;
  readonly #taken: Box[];

  /** @param drawn what is not to be covered */
  constructor(bounds: Box, drawn: readonly Box[]) {
    this.#bounds = bounds;
    this.#taken = [...drawn];
  }

  /** The first of the choices that has a place, on the first side that has it; undefined where none has. */
  place(choices: readonly Label[]): PlacedLabel | undefined {
    for (const label of choices) {
      for (const side of label.sides) {
        const placed = this.#onSide(label, side);
        if (placed) return placed;
      }
    }
    return undefined;
  }

  #onSide({ x, y, text }: Label, side: Side): PlacedLabel | undefined {
    const [across, down] = directions[side];
    const width = textWidth(text);
    const [anchor, before] =
      across > 0
        ? (['start', 0] as const)
        : across < 0
          ? (['end', width] as const)
          : (['middle', width / 2] as const);
    const above = down > 0 ? 0 : down < 0 ? height : height / 2;
    const beside = { x: x + across * distance, y: y + down * distance };
    const box = { x: beside.x - before, y: beside.y - above, width, height };
    if (!within(box, this.#bounds) || this.#taken.some((other) => overlap(box, other))) return undefined;
    this.#taken.push(box);
    return { text, x: Math.round(beside.x), y: Math.round(box.y + ascent), anchor };
  }
}

/** Little boxes along a line, for labels to keep away from. */
export function alongLine(from: readonly [number, number], to: readonly [number, number]): Box[] {
  const [across, down] = [to[0] - from[0], to[1] - from[1]];
  const steps = Math.ceil(Math.hypot(across, down) / 4);
  return Array.from({ length: steps }, (_, step) => ({
    x: from[0] + (across * step) / steps - 1,
    y: from[1] + (down * step) / steps - 1,
    width: 2,
    height: 2,
  }));
}

function within(box: Box, bounds: Box): boolean {
  return (
    box.x >= bounds.x &&
    box.y >= bounds.y &&
    box.x + box.width <= bounds.x + bounds.width &&
    box.y + box.height <= bounds.y + bounds.height
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
