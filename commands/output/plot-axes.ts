import type { Scale } from '../../src/scale.ts';
import type { Glyphs } from './plot-glyphs.ts';
import type { Grid } from './plot-grid.ts';
import type { Style } from './style.ts';

/** The columns that the axis on the left and its labels take. */
export function sideWidth(scale: Scale): number {
  return Math.max(...scale.ticks.map(({ label }) => label.length)) + 2;
}

/** The drawing with an axis on its left. */
export function withSide(scale: Scale, grid: Grid, glyphs: Glyphs, style: Style): string[] {
  const room = sideWidth(scale) - 2;
  const labels = new Map(
    scale.ticks.map(({ value, label }) => [grid.cellOf([0, scale.at(value)]).row, label]),
  );
  return grid.rows().map((row, index) => {
    const label = labels.get(index);
    return `${(label ?? '').padStart(room)} ${style.dim(label === undefined ? glyphs.side : glyphs.sideTick)}${row}`;
  });
}

/** The axis below the drawing and its labels, centred below their ticks; those that have no room are left out. */
export function bottom(scale: Scale, grid: Grid, width: number, glyphs: Glyphs, style: Style): string[] {
  const axis = Array.from({ length: width }, () => glyphs.bottom);
  let labels = '';
  for (const { value, label } of scale.ticks) {
    const { column } = grid.cellOf([scale.at(value), 0]);
    const start = column - Math.floor(label.length / 2);
    if (start < 0 || start + label.length > width || (labels !== '' && start < labels.length + 2)) continue;
    axis[column] = glyphs.bottomTick;
    labels = labels.padEnd(start) + label;
  }
  return [style.dim(glyphs.corner + axis.join('')), ` ${labels}`];
}
